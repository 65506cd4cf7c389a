/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trials of the shim: what is ordered must be silent, what is not must be
 * reported. trial.c holds the list, test_shim.py runs it. */
#pragma once

#include <gst/gst.h>

typedef void (*TrialFunc) (void);

typedef struct
{
  const gchar *name;
  TrialFunc func;
} Trial;

extern const Trial trials_silent[];
extern const Trial trials_racy[];

/* What two threads share, and the accesses that reports must name. */
typedef struct
{
  gint value;
} Shared;

void touch (Shared *shared);
gint look (const Shared *shared);

#define TRIAL_TYPE_THING (trial_thing_get_type ())
G_DECLARE_FINAL_TYPE (TrialThing, trial_thing, TRIAL, THING, GObject)

TrialThing *trial_thing_new (void);
Shared *trial_thing_shared (TrialThing *thing);

/* An order of time that TSan must not take for an order of memory. */
void mark (gint *flag);
void wait_for (const gint *flag);
