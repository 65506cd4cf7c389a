/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage: trial [NAME]; without a name, lists "silent NAME" and "racy NAME" */

#include <stdlib.h>
#include "trial.h"

#define DEADLINE (20 * G_USEC_PER_SEC)

struct _TrialThing
{
  GObject parent_instance;

  Shared shared;
};

G_DEFINE_TYPE (TrialThing, trial_thing, G_TYPE_OBJECT)

static guint made_signal;
static gint class_value;

__attribute__ ((noinline)) void
touch (Shared *shared)
{
  shared->value++;
}

__attribute__ ((noinline)) gint
look (const Shared *shared)
{
  return *(const volatile gint *) &shared->value;
}

void
mark (gint *flag)
{
  __atomic_store_n (flag, 1, __ATOMIC_RELAXED);
}

void
wait_for (const gint *flag)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE;

  while (!__atomic_load_n (flag, __ATOMIC_RELAXED)) {
    if (g_get_monotonic_time () > deadline)
      abort ();
    g_thread_yield ();
  }
}

static void
trial_thing_finalize (GObject *object)
{
  touch (&TRIAL_THING (object)->shared);
  G_OBJECT_CLASS (trial_thing_parent_class)->finalize (object);
}

static void
trial_thing_class_init (TrialThingClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = trial_thing_finalize;
  made_signal = g_signal_new ("made", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  class_value = 1;
}

static void
trial_thing_init (TrialThing *thing)
{
  thing->shared.value = class_value;
}

TrialThing *
trial_thing_new (void)
{
  return g_object_new (TRIAL_TYPE_THING, NULL);
}

Shared *
trial_thing_shared (TrialThing *thing)
{
  return &thing->shared;
}

static const Trial *
find (const Trial *trials, const gchar *name)
{
  for (; trials->name; trials++)
    if (g_str_equal (trials->name, name))
      return trials;
  return NULL;
}

int
main (int argc, char **argv)
{
  const Trial *trial;

  gst_init (NULL, NULL);
  if (argc < 2) {
    for (trial = trials_silent; trial->name; trial++)
      g_print ("silent %s\n", trial->name);
    for (trial = trials_racy; trial->name; trial++)
      g_print ("racy %s\n", trial->name);
    return EXIT_SUCCESS;
  }
  trial = find (trials_silent, argv[1]);
  if (!trial)
    trial = find (trials_racy, argv[1]);
  if (!trial)
    return EXIT_FAILURE;
  trial->func ();
  return EXIT_SUCCESS;
}
