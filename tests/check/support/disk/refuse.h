/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Calls of the kernel that fail from now on with the error @code, in this
 * thread and in those that it starts. That cannot be taken back. */

/* The system call @number, where its argument @argument (from 0; the lower 32
 * bits) is from @least to @most. */
void refuse_call (
    glong number, guint argument, guint32 least, guint32 most, gint code);
/* Renaming without replacing, which some file systems cannot (EINVAL). */
void refuse_new_renames (gint code);
/* Looking at an entry of a folder. */
void refuse_to_look (gint code);
/* Reading the names in a folder, by the descriptor @fd or a greater one. */
void refuse_to_list (gint fd, gint code);
