/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/lanes.h"

typedef struct
{
  VmLaneKind kind;
  gchar *address;
  guint endpoint;
  VmLaneState state;
  guint failures; /* since it was open, or from the beginning */
  gint64 due; /* µs; RESTING: until then */
} Lane;

struct _VmLanes
{
  Lane lanes[VM_LANES_MAX];
  gint n;
  guint theirs; /* kinds */
  gint64 lost_time; /* µs */
  gboolean inside; /* one has opened; from then on: */
  guint endpoint;
  guint idle; /* opened in a row for nothing */
  gint64 opened; /* µs; the last of them */
  gint64
      since; /* µs; when it last had an open one, or was first asked; 0: not */
};

static const gchar *const kind_names[VM_LANE_N_KINDS] = { "link", "wss",
  "data-channel" };
static const gchar *const state_names[VM_LANE_N_STATES] = { "idle", "trying",
  "open", "resting", "refused" };
static const gchar *const event_names[VM_LANE_N_EVENTS] = { "try", "open",
  "lose", "rest", "refuse" };

/* Every edge there is. */
static const struct
{
  VmLaneState from;
  VmLaneEvent event;
  VmLaneState to;
} edges[] = {
  { VM_LANE_IDLE, VM_LANE_EVENT_TRY, VM_LANE_TRYING },
  { VM_LANE_TRYING, VM_LANE_EVENT_OPEN, VM_LANE_OPEN },
  { VM_LANE_TRYING, VM_LANE_EVENT_LOSE, VM_LANE_RESTING },
  { VM_LANE_TRYING, VM_LANE_EVENT_REFUSE, VM_LANE_REFUSED },
  { VM_LANE_OPEN, VM_LANE_EVENT_LOSE, VM_LANE_RESTING },
  { VM_LANE_OPEN, VM_LANE_EVENT_REFUSE, VM_LANE_REFUSED },
  { VM_LANE_RESTING, VM_LANE_EVENT_REST, VM_LANE_IDLE },
};

const gchar *
vm_lane_kind_to_string (VmLaneKind kind)
{
  g_return_val_if_fail ((guint) kind < VM_LANE_N_KINDS, "unknown");

  return kind_names[kind];
}

const gchar *
vm_lane_state_to_string (VmLaneState state)
{
  g_return_val_if_fail ((guint) state < VM_LANE_N_STATES, "unknown");

  return state_names[state];
}

const gchar *
vm_lane_event_to_string (VmLaneEvent event)
{
  g_return_val_if_fail ((guint) event < VM_LANE_N_EVENTS, "unknown");

  return event_names[event];
}

gboolean
vm_lane_state_next (VmLaneState state, VmLaneEvent event, VmLaneState *next)
{
  *next = state;
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].event == event) {
      *next = edges[i].to;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
move (Lane *lane, VmLaneEvent event)
{
  VmLaneState from = lane->state;
  gboolean moved = vm_lane_state_next (from, event, &lane->state);

  g_debug ("lane %s %s: %s, %s → %s", vm_lane_kind_to_string (lane->kind),
      lane->address ? lane->address : "", vm_lane_event_to_string (event),
      vm_lane_state_to_string (from), vm_lane_state_to_string (lane->state));
  return moved;
}

VmLanes *
vm_lanes_new (void)
{
  VmLanes *self = g_new0 (VmLanes, 1);

  self->theirs = VM_LANE_ALL_KINDS;
  self->lost_time = VM_LANES_LOST_TIME;
  return self;
}

void
vm_lanes_free (VmLanes *self)
{
  for (gint i = 0; i < self->n; i++)
    g_free (self->lanes[i].address);
  g_free (self);
}

gboolean
vm_lanes_add (
    VmLanes *self, VmLaneKind kind, const gchar *address, guint endpoint)
{
  Lane *lane;

  if (self->n == VM_LANES_MAX)
    return FALSE;
  lane = &self->lanes[self->n++];
  lane->kind = kind;
  lane->address = g_strdup (address);
  lane->endpoint = endpoint;
  return TRUE;
}

void
vm_lanes_set_theirs (VmLanes *self, guint kinds)
{
  self->theirs = kinds;
}

void
vm_lanes_set_lost_time (VmLanes *self, gint64 lost_time)
{
  self->lost_time = lost_time;
}

/* Whether it is one that there is use in. */
static gboolean
counts (const VmLanes *self, const Lane *lane)
{
  return lane->state != VM_LANE_REFUSED && (self->theirs & 1u << lane->kind)
         && (!self->inside || lane->endpoint == self->endpoint);
}

static gboolean
is_busy (const VmLanes *self)
{
  for (gint i = 0; i < self->n; i++) {
    VmLaneState state = self->lanes[i].state;

    if (state == VM_LANE_TRYING || state == VM_LANE_OPEN)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_before (const Lane *a, const Lane *b)
{
  return a->kind != b->kind ? a->kind < b->kind : a->failures < b->failures;
}

gint
vm_lanes_next (VmLanes *self, gint64 now)
{
  gint best = -1;

  if (!self->since)
    self->since = now;
  if (is_busy (self))
    return -1;
  for (gint i = 0; i < self->n; i++) {
    Lane *lane = &self->lanes[i];

    if (lane->state == VM_LANE_RESTING && now >= lane->due)
      move (lane, VM_LANE_EVENT_REST);
    if (lane->state == VM_LANE_IDLE && counts (self, lane)
        && (best < 0 || is_before (lane, &self->lanes[best])))
      best = i;
  }
  if (best >= 0)
    move (&self->lanes[best], VM_LANE_EVENT_TRY);
  return best;
}

gint64
vm_lanes_get_deadline (VmLanes *self)
{
  gint64 deadline = -1;

  if (is_busy (self))
    return -1;
  for (gint i = 0; i < self->n; i++) {
    const Lane *lane = &self->lanes[i];

    if (lane->state == VM_LANE_RESTING && counts (self, lane)
        && (deadline < 0 || lane->due < deadline))
      deadline = lane->due;
  }
  return deadline;
}

void
vm_lanes_opened (VmLanes *self, gint lane, gint64 now)
{
  Lane *opened = &self->lanes[lane];

  if (!move (opened, VM_LANE_EVENT_OPEN))
    return;
  opened->failures = 0;
  self->idle++;
  self->opened = now;
  self->inside = TRUE;
  self->endpoint = opened->endpoint;
}

void
vm_lanes_advanced (VmLanes *self)
{
  self->idle = 0;
}

/* Before it is told: one that was open counts until now. */
static void
keep_time (VmLanes *self, const Lane *lane, gint64 now)
{
  if (lane->state != VM_LANE_OPEN)
    return;
  self->since = now;
  if (now - self->opened >= VM_LANE_REST_MAX)
    self->idle = 0;
}

void
vm_lanes_lost (VmLanes *self, gint lane, gint64 now)
{
  Lane *lost = &self->lanes[lane];

  keep_time (self, lost, now);
  if (!move (lost, VM_LANE_EVENT_LOSE))
    return;
  lost->due =
      now + MIN (VM_LANE_REST_MIN << MIN (lost->failures, 8), VM_LANE_REST_MAX);
  lost->failures++;
}

void
vm_lanes_refused (VmLanes *self, gint lane, gint64 now)
{
  keep_time (self, &self->lanes[lane], now);
  move (&self->lanes[lane], VM_LANE_EVENT_REFUSE);
}

static gboolean
is_untried (const Lane *lane)
{
  return lane->state == VM_LANE_IDLE && !lane->failures;
}

gboolean
vm_lanes_is_over (VmLanes *self, gint64 now)
{
  gboolean any = FALSE;

  for (gint i = 0; i < self->n; i++) {
    const Lane *lane = &self->lanes[i];

    if (lane->state == VM_LANE_OPEN
        || (counts (self, lane) && is_untried (lane)))
      return FALSE;
    any |= counts (self, lane);
  }
  return !any || self->idle >= VM_LANES_IDLE_MAX
         || (self->since && now - self->since >= self->lost_time);
}

VmLaneKind
vm_lanes_get_kind (VmLanes *self, gint lane)
{
  return self->lanes[lane].kind;
}

const gchar *
vm_lanes_get_address (VmLanes *self, gint lane)
{
  return self->lanes[lane].address;
}
