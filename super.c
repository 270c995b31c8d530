// SPDX-License-Identifier: GPL-2.0
/*
 * The filesystem: module, mount, options, and the table of its files
 *
 * There is one instance, however often it is mounted, because there is one
 * connection to xenstored. So options that any mount gives hold for all.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <xen/xen.h>

#include "compat.h"
#include "limits.h"
#include "registration.h"
#include "registry.h"
#include "renewal.h"
#include "request.h"
#include "resume.h"
#include "transaction.h"
#include "transaction_request.h"
#include "work.h"
#include "xenfs.h"

/* Exported by xen-privcmd.ko, which declares it for the stock xenfs alone */
extern const struct file_operations xen_privcmd_fops;

/* --- Files -------------------------------------------------------------- */

static ssize_t capabilities_read(struct file *file, char __user *buf,
				 size_t size, loff_t *off)
{
	const char *text = xen_initial_domain() ? "control_d\n" : "";

	return simple_read_from_buffer(buf, size, off, text, strlen(text));
}

static const struct file_operations capabilities_fops = {
	.owner = THIS_MODULE,
	.read = capabilities_read,
	.llseek = default_llseek,
};

#define XENBUS		"xenbus"
#define XENBUS_RO	"xenbus_ro"

/* simple_fill_super() numbers the files from 2 on; 1 is the directory. */
#define FIRST_INO	2

static const struct tree_descr domain_files[] = {
	[FIRST_INO] = { XENBUS, &xenfs_xenbus_fops, 0600 },
	{ XENBUS_RO, &xenfs_xenbus_ro_fops, 0600 },
	{ "capabilities", &capabilities_fops, 0444 },
	{ "privcmd", &xen_privcmd_fops, 0600 },
	{ "" },
};

static const struct tree_descr initial_domain_files[] = {
	[FIRST_INO] = { XENBUS, &xenfs_xenbus_fops, 0600 },
	{ XENBUS_RO, &xenfs_xenbus_ro_fops, 0600 },
	{ "capabilities", &capabilities_fops, 0444 },
	{ "privcmd", &xen_privcmd_fops, 0600 },
#ifdef CONFIG_XEN_DOM0
	{ "xsd_kva", &xenfs_xsd_kva_fops, 0600 },
	{ "xsd_port", &xenfs_xsd_port_fops, 0600 },
#endif
#ifdef CONFIG_XEN_SYMS
	{ "xensyms", &xenfs_xensyms_fops, 0400 },
#endif
	{ "" },
};

/* --- Options ------------------------------------------------------------ */

enum { OPT_UID, OPT_GID, OPT_MODE, OPT_RO_MODE };

static const struct fs_parameter_spec xenfs_parameters[] = {
	fsparam_u32("uid", OPT_UID),
	fsparam_u32("gid", OPT_GID),
	fsparam_u32oct("mode", OPT_MODE),
	fsparam_u32oct("ro_mode", OPT_RO_MODE),
	{ }
};

/**
 * struct xenfs_options - owner and mode of the files xenbus and xenbus_ro
 * @given: bits by OPT_*: which of the others to apply
 * @uid: owner of both
 * @gid: group of both
 * @mode: permissions of xenbus
 * @ro_mode: permissions of xenbus_ro
 */
struct xenfs_options {
	unsigned int given;
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
	umode_t ro_mode;
};

static int xenfs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct xenfs_options *options = fc->fs_private;
	struct fs_parse_result result;
	int opt;

	opt = fs_parse(fc, xenfs_parameters, param, &result);
	if (opt < 0)
		return opt;

	switch (opt) {
	case OPT_UID:
		options->uid = make_kuid(current_user_ns(), result.uint_32);
		if (!uid_valid(options->uid))
			return invalfc(fc, "uid %u has no meaning here",
				       result.uint_32);
		break;
	case OPT_GID:
		options->gid = make_kgid(current_user_ns(), result.uint_32);
		if (!gid_valid(options->gid))
			return invalfc(fc, "gid %u has no meaning here",
				       result.uint_32);
		break;
	case OPT_MODE:
	case OPT_RO_MODE:
		if (result.uint_32 & ~0777)
			return invalfc(fc, "%s %o: only 0000 to 0777",
				       param->key, result.uint_32);
		if (opt == OPT_MODE)
			options->mode = result.uint_32;
		else
			options->ro_mode = result.uint_32;
		break;
	}
	options->given |= BIT(opt);
	return 0;
}

/* The inode of a file, which the filesystem keeps for as long as it lives */
static struct inode *find(struct super_block *sb, const char *file)
{
	struct qstr name = { .name = file, .len = strlen(file) };
	struct dentry *dentry, *root = sb->s_root;
	struct inode *inode;

	name.hash = full_name_hash(root, name.name, name.len);
	dentry = d_lookup(root, &name);
	if (!dentry)
		return NULL;
	inode = d_inode(dentry);
	dput(dentry);
	return inode;
}

/* Sets what the options name and leaves the rest as it is. */
static void apply_to(struct inode *inode, const struct xenfs_options *options,
		     unsigned int opt_mode, umode_t mode)
{
	inode_lock(inode);
	if (options->given & BIT(OPT_UID))
		inode->i_uid = options->uid;
	if (options->given & BIT(OPT_GID))
		inode->i_gid = options->gid;
	if (options->given & BIT(opt_mode))
		inode->i_mode = S_IFREG | mode;
	inode_unlock(inode);
}

static void apply_options(struct dentry *root,
			  const struct xenfs_options *options)
{
	struct super_block *sb = root->d_sb;

	apply_to(find(sb, XENBUS), options, OPT_MODE, options->mode);
	apply_to(find(sb, XENBUS_RO), options, OPT_RO_MODE, options->ro_mode);
}

/* @root may be a file of the filesystem, where that is bound elsewhere. */
static int xenfs_show_options(struct seq_file *m, struct dentry *root)
{
	const struct inode *xenbus = find(root->d_sb, XENBUS);
	umode_t ro_mode = find(root->d_sb, XENBUS_RO)->i_mode & 0777;

	if (!uid_eq(xenbus->i_uid, GLOBAL_ROOT_UID))
		seq_printf(m, ",uid=%u",
			   from_kuid_munged(&init_user_ns, xenbus->i_uid));
	if (!gid_eq(xenbus->i_gid, GLOBAL_ROOT_GID))
		seq_printf(m, ",gid=%u",
			   from_kgid_munged(&init_user_ns, xenbus->i_gid));
	if ((xenbus->i_mode & 0777) != 0600)
		seq_printf(m, ",mode=%03o", xenbus->i_mode & 0777);
	if (ro_mode != 0600)
		seq_printf(m, ",ro_mode=%03o", ro_mode);
	return 0;
}

/* --- Mount -------------------------------------------------------------- */

static const struct super_operations xenfs_super_operations = {
	.statfs = simple_statfs,
	.show_options = xenfs_show_options,
};

static int xenfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	int err;

	err = simple_fill_super(sb, XENFS_SUPER_MAGIC,
				xen_initial_domain() ? initial_domain_files :
						       domain_files);
	if (err)
		return err;
	sb->s_op = &xenfs_super_operations;
	/* Those that the options are about will be found from now on. */
	return find(sb, XENBUS) && find(sb, XENBUS_RO) ? 0 : -ENOENT;
}

static int xenfs_get_tree(struct fs_context *fc)
{
	int err;

	err = get_tree_single(fc, xenfs_fill_super);
	if (!err)
		apply_options(fc->root, fc->fs_private);
	return err;
}

static int xenfs_reconfigure(struct fs_context *fc)
{
	apply_options(fc->root, fc->fs_private);
	return 0;
}

static void xenfs_free_fc(struct fs_context *fc)
{
	kfree(fc->fs_private);
}

static const struct fs_context_operations xenfs_context_operations = {
	.free = xenfs_free_fc,
	.parse_param = xenfs_parse_param,
	.get_tree = xenfs_get_tree,
	.reconfigure = xenfs_reconfigure,
};

static int xenfs_init_fs_context(struct fs_context *fc)
{
	struct xenfs_options *options;

	options = kzalloc(sizeof(*options), GFP_KERNEL);
	if (!options)
		return -ENOMEM;
	fc->fs_private = options;
	fc->ops = &xenfs_context_operations;
	return 0;
}

static struct file_system_type xenfs_type = {
	.owner = THIS_MODULE,
	.name = "xenfs",
	.init_fs_context = xenfs_init_fs_context,
	.parameters = xenfs_parameters,
	.kill_sb = xenfs_kill_super,
};

/* --- Module ------------------------------------------------------------- */

/* Those above first, so that nobody calls one that is gone. */
static void stop(void)
{
	xenfs_refusals_exit();
	xenfs_renewal_exit();
	xenfs_registry_exit();
	xenfs_transactions_exit();
	xenfs_requests_exit();
	xenfs_connections_exit();
	xenfs_work_exit();
}

static int __init start(void)
{
	int err;

	err = xenfs_work_init();
	if (err)
		return err;
	err = xenfs_connections_init();
	if (err)
		goto work;
	err = xenfs_requests_init(xenfs_transaction_check);
	if (err)
		goto connections;
	xenfs_registrations_init();
	xenfs_registry_init();
	xenfs_transactions_init();
	xenfs_xenbus_init();
	return 0;
connections:
	xenfs_connections_exit();
work:
	xenfs_work_exit();
	return err;
}

/*
 * On a machine without Xen the module loads and does nothing, as the stock one:
 * boot scripts load it unconditionally.
 */
static int __init xenfs_init(void)
{
	int err;

	if (!xen_domain()) {
		pr_info("this is no Xen domain: there is nothing to do, and no xenfs to mount\n");
		return 0;
	}
	err = xenfs_limits_init();
	if (err)
		return err;
	err = start();
	if (err)
		return err;
	err = xenfs_resume_init();
	if (err)
		goto stop;
	err = register_filesystem(&xenfs_type);
	if (err)
		goto resume;
	return 0;
resume:
	xenfs_resume_exit();
stop:
	stop();
	return err;
}

static void __exit xenfs_exit(void)
{
	if (!xen_domain())
		return;
	unregister_filesystem(&xenfs_type);
	xenfs_resume_exit();
	stop();
}

module_init(xenfs_init);
module_exit(xenfs_exit);

MODULE_ALIAS_FS("xenfs");
MODULE_AUTHOR("The xenfs developers");
MODULE_DESCRIPTION("Xen filesystem: many clients on a domain's one connection to xenstore");
MODULE_LICENSE("GPL");
MODULE_VERSION(XENFS_VERSION);
