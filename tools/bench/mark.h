/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where what is measured begins and ends, for profile/plugin.c: an instruction that
 * does nothing, nop, with an operand that says which it is.
 */
#ifndef MARK_H
#define MARK_H

#define MARK_BEGIN	0x58454e01
#define MARK_END	0x58454e02

/* What is before the operand, and the size of all */
#define MARK_OPCODE	"\x0f\x1f\x84\x00"
#define MARK_SIZE	8

#ifdef __x86_64__
#define mark(which)	asm volatile("nopl %c0(%%rax,%%rax,1)" : : "i" (which))
#else
#define mark(which)	((void)(which))
#endif

#endif
