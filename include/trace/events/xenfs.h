/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What opens of the file do and wait for. "open" is the number that the open's
 * fdinfo has, too.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xenfs

#if !defined(_TRACE_XENFS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_XENFS_H

#include <linux/tracepoint.h>
#include <xen/interface/io/xs_wire.h>

/*
 * With the numbers for the names: perf and trace-cmd, which have but the numbers,
 * name them by the format that the kernel tells them.
 */
TRACE_DEFINE_ENUM(XS_CONTROL);
TRACE_DEFINE_ENUM(XS_DIRECTORY);
TRACE_DEFINE_ENUM(XS_READ);
TRACE_DEFINE_ENUM(XS_GET_PERMS);
TRACE_DEFINE_ENUM(XS_WATCH);
TRACE_DEFINE_ENUM(XS_UNWATCH);
TRACE_DEFINE_ENUM(XS_TRANSACTION_START);
TRACE_DEFINE_ENUM(XS_TRANSACTION_END);
TRACE_DEFINE_ENUM(XS_INTRODUCE);
TRACE_DEFINE_ENUM(XS_RELEASE);
TRACE_DEFINE_ENUM(XS_GET_DOMAIN_PATH);
TRACE_DEFINE_ENUM(XS_WRITE);
TRACE_DEFINE_ENUM(XS_MKDIR);
TRACE_DEFINE_ENUM(XS_RM);
TRACE_DEFINE_ENUM(XS_SET_PERMS);
TRACE_DEFINE_ENUM(XS_WATCH_EVENT);
TRACE_DEFINE_ENUM(XS_ERROR);
TRACE_DEFINE_ENUM(XS_IS_DOMAIN_INTRODUCED);
TRACE_DEFINE_ENUM(XS_RESUME);
TRACE_DEFINE_ENUM(XS_SET_TARGET);
TRACE_DEFINE_ENUM(XS_RESET_WATCHES);
TRACE_DEFINE_ENUM(XS_DIRECTORY_PART);

#define show_xenfs_type(type)						\
	__print_symbolic(type,						\
			 { XS_CONTROL,			"CONTROL" },	\
			 { XS_DIRECTORY,		"DIRECTORY" },	\
			 { XS_READ,			"READ" },	\
			 { XS_GET_PERMS,		"GET_PERMS" },	\
			 { XS_WATCH,			"WATCH" },	\
			 { XS_UNWATCH,			"UNWATCH" },	\
			 { XS_TRANSACTION_START,	"START" },	\
			 { XS_TRANSACTION_END,		"END" },	\
			 { XS_INTRODUCE,		"INTRODUCE" },	\
			 { XS_RELEASE,			"RELEASE" },	\
			 { XS_GET_DOMAIN_PATH,		"GET_DOMAIN_PATH" }, \
			 { XS_WRITE,			"WRITE" },	\
			 { XS_MKDIR,			"MKDIR" },	\
			 { XS_RM,			"RM" },		\
			 { XS_SET_PERMS,		"SET_PERMS" },	\
			 { XS_WATCH_EVENT,		"WATCH_EVENT" }, \
			 { XS_ERROR,			"ERROR" },	\
			 { XS_IS_DOMAIN_INTRODUCED,	"IS_DOMAIN_INTRODUCED" }, \
			 { XS_RESUME,			"RESUME" },	\
			 { XS_SET_TARGET,		"SET_TARGET" },	\
			 { XS_RESET_WATCHES,		"RESET_WATCHES" }, \
			 { XS_DIRECTORY_PART,		"DIRECTORY_PART" })

DECLARE_EVENT_CLASS(xenfs_message,
	TP_PROTO(u32 open, const struct xsd_sockmsg *hdr),
	TP_ARGS(open, hdr),
	TP_STRUCT__entry(
		__field(u32, open)
		__field(u32, type)
		__field(u32, req_id)
		__field(u32, tx_id)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->open = open;
		__entry->type = hdr->type;
		__entry->req_id = hdr->req_id;
		__entry->tx_id = hdr->tx_id;
		__entry->len = hdr->len;
	),
	TP_printk("open=%u type=%s req_id=%u tx_id=%u len=%u",
		  __entry->open, show_xenfs_type(__entry->type),
		  __entry->req_id, __entry->tx_id, __entry->len)
);

/* A client has written it, whole. */
DEFINE_EVENT(xenfs_message, xenfs_request,
	TP_PROTO(u32 open, const struct xsd_sockmsg *hdr),
	TP_ARGS(open, hdr)
);

/* Its turn has come; also the module's own. tx_id is the server's. */
DEFINE_EVENT(xenfs_message, xenfs_sent,
	TP_PROTO(u32 open, const struct xsd_sockmsg *hdr),
	TP_ARGS(open, hdr)
);

/* It is complete, and is read when those before it are. */
DEFINE_EVENT(xenfs_message, xenfs_reply,
	TP_PROTO(u32 open, const struct xsd_sockmsg *hdr),
	TP_ARGS(open, hdr)
);

/* Answered with an error that is the module's, not the server's */
TRACE_EVENT(xenfs_refused,
	TP_PROTO(u32 open, const struct xsd_sockmsg *hdr, int error),
	TP_ARGS(open, hdr, error),
	TP_STRUCT__entry(
		__field(u32, open)
		__field(u32, type)
		__field(u32, req_id)
		__field(u32, tx_id)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->open = open;
		__entry->type = hdr->type;
		__entry->req_id = hdr->req_id;
		__entry->tx_id = hdr->tx_id;
		__entry->error = error;
	),
	TP_printk("open=%u type=%s req_id=%u tx_id=%u error=%d",
		  __entry->open, show_xenfs_type(__entry->type),
		  __entry->req_id, __entry->tx_id, __entry->error)
);

DECLARE_EVENT_CLASS(xenfs_event_of_path,
	TP_PROTO(u32 open, const char *path),
	TP_ARGS(open, path),
	TP_STRUCT__entry(
		__field(u32, open)
		__string(path, path)
	),
	TP_fast_assign(
		__entry->open = open;
		xenfs_assign_str(path, path);
	),
	TP_printk("open=%u path=%s", __entry->open, __get_str(path))
);

/* A watch of the open has seen it, and there is something new to read. */
DEFINE_EVENT(xenfs_event_of_path, xenfs_event,
	TP_PROTO(u32 open, const char *path),
	TP_ARGS(open, path)
);

/* The same has been seen, and is not read yet. */
DEFINE_EVENT(xenfs_event_of_path, xenfs_event_merged,
	TP_PROTO(u32 open, const char *path),
	TP_ARGS(open, path)
);

/* There is no room for it: one for the watch's own path takes its place. */
DEFINE_EVENT(xenfs_event_of_path, xenfs_event_collapsed,
	TP_PROTO(u32 open, const char *path),
	TP_ARGS(open, path)
);

/*
 * Something has to come before what the open has to send, or its client to write;
 * named as in fdinfo. Not by a number, as perf and trace-cmd find no name for a
 * negative one, and bpftrace for none.
 */
TRACE_EVENT(xenfs_throttled,
	TP_PROTO(u32 open, int why),
	TP_ARGS(open, why),
	TP_STRUCT__entry(
		__field(u32, open)
		__string(waits_for, xenfs_waits_for(why))
	),
	TP_fast_assign(
		__entry->open = open;
		xenfs_assign_str(waits_for, xenfs_waits_for(why));
	),
	TP_printk("open=%u waits-for=%s", __entry->open, __get_str(waits_for))
);

#endif /* _TRACE_XENFS_H */

/* Found from the module's directory, wherever that is */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH include/trace/events
#include <trace/define_trace.h>
