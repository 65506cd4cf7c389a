/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "typed/typed.h"

/* Reads the standard input line by line in the main context. While the program
 * is in the background of its terminal it reads nothing: the kernel would stop
 * it. */

typedef struct _VmtReader VmtReader;

/* @line gets each line, as of vmt_lines_take(); @end is called once, when
 * nothing is typed any more. */
VmtReader *vmt_reader_new (
    VmtLineFunc line, void (*end) (gpointer user_data), gpointer user_data);
/* Reads no more; what has no newline yet is dropped. */
void vmt_reader_free (VmtReader *self);
