/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the module learns of a resume; see resume.c
 */
#ifndef _XENFS_RESUME_H
#define _XENFS_RESUME_H

int xenfs_resume_init(void);
void xenfs_resume_exit(void);

#endif
