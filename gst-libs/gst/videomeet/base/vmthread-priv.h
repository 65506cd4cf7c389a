/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* For the threads that move files, and those of a call beside. They do nothing
 * where the kernel does not allow it, or where the thread is neither
 * SCHED_OTHER nor SCHED_BATCH: then its policy was chosen on purpose. */

/* Threads that wake up run before the calling thread, and when all processors
 * are busy it gets a tenth of another thread's time. Permanent: without
 * privileges it cannot be undone. */
void vm_thread_give_way (void);
/* Likewise, but the thread keeps its full part of the processor; for a thread
 * that does other things, too. */
void vm_thread_take_long_turns (void);
/* As any other thread again. */
void vm_thread_take_turns (void);
/* For a calling thread, and those that it begins, whose short work others wait
 * for: when it wakes up it runs before threads that run for long. */
void vm_thread_take_short_turns (void);
/* Ends vm_thread_take_short_turns(); the policy stays as it is. */
void vm_thread_take_usual_turns (void);
/* For a calling thread that brings sound, which is heard late as soon as one
 * packet is late: it runs before others when processors are busy, where the
 * kernel allows that (CAP_SYS_NICE, or RLIMIT_NICE of 30 and more), and takes
 * short turns everywhere. What it begins is as any other thread. One that has
 * another weight already keeps it. May be called for each packet. */
void vm_thread_go_first (void);
/* Ends vm_thread_go_first(), if the thread did. */
void vm_thread_go_along (void);
