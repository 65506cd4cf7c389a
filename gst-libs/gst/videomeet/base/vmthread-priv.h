/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* For the threads that move files, beside those of a call. Nothing happens
 * where the kernel does not allow it, or where the thread is neither
 * SCHED_OTHER nor SCHED_BATCH: then somebody has decided already. */

/* Whoever wakes up beside the calling thread runs first, and where the
 * processors are all taken it has a tenth of what others have. For good:
 * without privileges there is no way back. */
void vm_thread_give_way (void);
/* Likewise, but it has its whole part of the processor; for a thread that does
 * other things, too. */
void vm_thread_take_long_turns (void);
/* As any other thread again. */
void vm_thread_take_turns (void);
/* The calling thread, and those that it begins, do little at a time, and
 * somebody waits for it: when it wakes up it goes before threads that run on
 * and on. */
void vm_thread_take_short_turns (void);
/* What it does next is somebody else's again; its policy stays as it is. */
void vm_thread_take_usual_turns (void);
