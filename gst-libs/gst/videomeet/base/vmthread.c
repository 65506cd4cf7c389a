/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/vmthread-priv.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ns of a turn. The kernel's own is about 3 ms; since Linux 6.12 one can ask
 * for another, and who wakes up with a shorter one goes before who runs with a
 * longer. Much longer would let two of these wait for each other. Earlier
 * kernels pass over it. */
#define LONG_TURN (5 * G_GUINT64_CONSTANT (1000000))
#define USUAL_TURN 0
/* The least that the kernel takes: near its end a long turn has a deadline
 * before that of a turn like any other, and then keeps the processor until the
 * next tick. */
#define SHORT_TURN G_GUINT64_CONSTANT (100000)
#define KEEP G_MAXUINT32 /* the policy */
#define NICER 10 /* a tenth of the weight */
#define NICEST 19
/* Ten times the weight; Chromium gives its threads of media -8, or more. */
#define FIRST -10
#define RESET_ON_FORK 1 /* the flag SCHED_FLAG_RESET_ON_FORK */

/* sched_setattr(2). The C library has no name for it yet, and the kernel's
 * header does not go together with <sched.h>. */
typedef struct
{
  guint32 size;
  guint32 policy;
  guint64 flags;
  gint32 nice;
  guint32 priority;
  guint64 runtime; /* ns */
  guint64 deadline;
  guint64 period;
} Attributes;

typedef enum
{
  WEIGHT_USUAL,
  WEIGHT_KEPT, /* it was to go first, and could not */
  WEIGHT_FIRST,
} Weight;

static GPrivate weight; /* of this thread */

static void
set (guint32 policy, guint64 turn, gint nicer)
{
  Attributes attr = { .size = sizeof attr };

  if (syscall (SYS_sched_getattr, 0, &attr, sizeof attr, 0) != 0
      || (attr.policy != SCHED_OTHER && attr.policy != SCHED_BATCH))
    return;
  if (policy != KEEP)
    attr.policy = policy;
  attr.runtime = turn;
  attr.nice = MIN (attr.nice + nicer, NICEST);
  if (syscall (SYS_sched_setattr, 0, &attr, 0) != 0)
    g_debug ("a thread takes turns as before: %s", g_strerror (errno));
}

void
vm_thread_give_way (void)
{
  set (SCHED_BATCH, LONG_TURN, NICER);
}

void
vm_thread_take_long_turns (void)
{
  set (SCHED_BATCH, LONG_TURN, 0);
}

void
vm_thread_take_turns (void)
{
  set (SCHED_OTHER, USUAL_TURN, 0);
}

void
vm_thread_take_short_turns (void)
{
  set (KEEP, SHORT_TURN, 0);
}

void
vm_thread_take_usual_turns (void)
{
  set (KEEP, USUAL_TURN, 0);
}

/* FALSE: it may not, or has another weight already, which was chosen. */
static gboolean
weigh (gint from, gint to)
{
  Attributes attr = { .size = sizeof attr };

  if (syscall (SYS_sched_getattr, 0, &attr, sizeof attr, 0) != 0
      || (attr.policy != SCHED_OTHER && attr.policy != SCHED_BATCH)
      || attr.nice != from)
    return FALSE;
  attr.nice = to;
  /* without privileges it stays once it is there */
  if (to < 0)
    attr.flags |= RESET_ON_FORK;
  return syscall (SYS_sched_setattr, 0, &attr, 0) == 0;
}

void
vm_thread_go_first (void)
{
  if (GPOINTER_TO_INT (g_private_get (&weight)) != WEIGHT_USUAL)
    return;
  g_private_set (
      &weight, GINT_TO_POINTER (weigh (0, FIRST) ? WEIGHT_FIRST : WEIGHT_KEPT));
  vm_thread_take_short_turns ();
}

void
vm_thread_go_along (void)
{
  Weight before = GPOINTER_TO_INT (g_private_get (&weight));

  if (before == WEIGHT_USUAL)
    return;
  if (before == WEIGHT_FIRST)
    weigh (FIRST, 0);
  g_private_set (&weight, GINT_TO_POINTER (WEIGHT_USUAL));
  vm_thread_take_usual_turns ();
}
