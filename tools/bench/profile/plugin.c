// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU: counts executed instructions by the address of their block
 * (what QEMU translates at a time: up to the next jump), while the guest wants it.
 * The guest says so by instructions that do nothing else, MARK_BEGIN and MARK_END of
 * ../mark.h, and QEMU must have one thread for all processors, as with icount.
 *
 * Debian's packages of QEMU have no header for plugins: what is used here of their
 * interface, version 1, is declared here.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mark.h"

#define EXPORT	__attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;

typedef uint64_t qemu_plugin_id_t;

enum { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int cpu, void *data),
					  int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int cpu, void *data),
					    int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info,
			       int argc, char **argv);

/* A translation: one place may have several, as it is done again now and then. */
struct block {
	uint64_t address, count;
	unsigned int instructions;
	struct block *next;
};

static struct block *blocks;
static int counting;
static FILE *out;

static void executed(unsigned int cpu, void *data)
{
	struct block *b = data;

	(void)cpu;
	if (counting)
		b->count += b->instructions;
}

static void clear(void)
{
	struct block *b;

	for (b = blocks; b; b = b->next)
		b->count = 0;
}

static void dump(void)
{
	struct block *b;

	fprintf(out, "measured\n");
	for (b = blocks; b; b = b->next)
		if (b->count)
			fprintf(out, "%lx %lu\n", b->address, b->count);
	fflush(out);
}

static void begin(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	clear();
	counting = 1;
}

static void end(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (counting)
		dump();
	counting = 0;
}

/* A mark is never but an instruction of its own, so most need one comparison. */
static void look_for_mark(struct qemu_plugin_insn *insn)
{
	const unsigned char *bytes = qemu_plugin_insn_data(insn);
	uint32_t mark;

	if (qemu_plugin_insn_size(insn) != MARK_SIZE ||
	    memcmp(bytes, MARK_OPCODE, sizeof(MARK_OPCODE) - 1))
		return;
	memcpy(&mark, bytes + sizeof(MARK_OPCODE) - 1, sizeof(mark));
	if (mark == MARK_BEGIN)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, begin,
						       QEMU_PLUGIN_CB_NO_REGS, NULL);
	else if (mark == MARK_END)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, end,
						       QEMU_PLUGIN_CB_NO_REGS, NULL);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = calloc(1, sizeof(*b));
	size_t i;

	(void)id;
	if (!b)
		abort();
	b->instructions = qemu_plugin_tb_n_insns(tb);
	b->address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, QEMU_PLUGIN_CB_NO_REGS, b);
	for (i = 0; i < b->instructions; i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i));
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc,
			char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
