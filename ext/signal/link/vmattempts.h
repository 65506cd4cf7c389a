/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How often a connection is tried, and when. Pure. The users of both sides are
 * told after the first attempt, which is short; the others allow for a slow
 * network. */

/* Beside the first. */
#define VM_ATTEMPTS_MORE 5

/* Milliseconds for an attempt after @failed others; the first has @timeout_ms.
 */
guint vm_attempts_time (guint failed, guint timeout_ms);
/* Milliseconds before the attempt that follows @failed others, at least one: an
 * eighth of @timeout_ms, then twice as much each time. */
guint vm_attempts_pause (guint failed, guint timeout_ms);
/* The pause before another attempt with a server, which is tried for as long as
 * the device is in its room, doubles so often: from a sixteenth of the timeout
 * to twice the timeout. */
#define VM_ATTEMPTS_DOUBLINGS 5
/* Milliseconds before the attempt that follows @failed others in a row, the
 * last one included. @random, from 0 up to 1, takes up to a quarter of them
 * off: those who were refused together do not come back together. */
guint vm_attempts_server_pause (guint failed, guint timeout_ms, gdouble random);
/* Milliseconds after that pause until a missing offer is asked for.
 */
guint vm_attempts_patience (guint timeout_ms);

/* Milliseconds until a better path is looked for again while a detour is taken
 * (a relay, TCP, or a server that passes media on), after a pause of @before_ms
 * ; 0: the first one. */
#define VM_ATTEMPTS_DETOUR_MIN_MS 30000
#define VM_ATTEMPTS_DETOUR_MAX_MS (10 * 60000)
guint vm_attempts_detour_pause (guint before_ms);

/* Without a replacement because of silence for so long, the next one is the
 * first again. */
#define VM_ATTEMPTS_STEADY_MS 60000
/* Milliseconds between two connections in place of ones over which nothing
 * came, after so many in a row: where those did not help, the machine or its
 * network is too slow, and more of them make it slower. */
guint vm_attempts_renewal_pause (guint renewals);
