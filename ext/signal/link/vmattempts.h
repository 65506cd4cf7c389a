/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How often a connection to one participant is tried, and when. Pure. The users
 * of both sides hear of it after the first attempt, which is short; whatever a
 * slow network takes the others have. */

/* Beside the first. */
#define VM_ATTEMPTS_MORE 5

/* Milliseconds that an attempt has, which @failed others went before; the first
 * has @timeout_ms. */
guint vm_attempts_time (guint failed, guint timeout_ms);
/* Milliseconds before the attempt that follows @failed others, at least one: an
 * eighth of @timeout_ms, then twice as much each time. */
guint vm_attempts_pause (guint failed, guint timeout_ms);
/* Milliseconds after that pause when an offer that does not come is asked for.
 */
guint vm_attempts_patience (guint timeout_ms);
