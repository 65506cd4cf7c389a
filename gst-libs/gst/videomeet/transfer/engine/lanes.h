/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* The lanes that can carry one file to one receiver, and the choice between
 * them (protocol/files.md#in-a-meeting): the fastest kind that both sides have.
 * A lane that does not open, or dies, rests for a while, and meanwhile another
 * is tried: the one of the same kind that failed least, or a slower kind. A
 * transfer stays on its lane as long as that lives. Sans-I/O; one thread at a
 * time; times in µs, monotonic.
 *
 * An endpoint is one receiving program, known by its port; it may have several
 * addresses. Once a lane of an endpoint has opened, lanes of other endpoints
 * are no longer tried, because another program does not have the file. */

/* The fastest first: a link in one process copies nothing; on one machine WSS
 * moved 240 to 350 MB/s, a data channel 30 to 70. */
typedef enum
{
  VM_LANE_LINK, /* pads that are linked */
  VM_LANE_WSS, /* /transfer */
  VM_LANE_CHANNEL, /* a meeting's data channels */
  VM_LANE_N_KINDS
} VmLaneKind;
#define VM_LANE_ALL_KINDS ((1u << VM_LANE_N_KINDS) - 1)

#define VM_LANES_MAX 32 /* a device has a few addresses, and a few programs */
/* How long a lane rests; it doubles each time that the lane fails to open. */
#define VM_LANE_REST_MIN (G_USEC_PER_SEC / 2)
#define VM_LANE_REST_MAX (4 * G_USEC_PER_SEC)
/* The receiver counts as gone after this long without an open lane. */
#define VM_LANES_LOST_TIME (30 * G_USEC_PER_SEC)
/* After this many lanes in a row that opened, carried nothing and were lost
 * within VM_LANE_REST_MAX, the other end takes no file. */
#define VM_LANES_IDLE_MAX 32

typedef enum
{
  VM_LANE_IDLE, /* can be tried */
  VM_LANE_TRYING,
  VM_LANE_OPEN,
  VM_LANE_RESTING,
  VM_LANE_REFUSED, /* for good: there is no receiver, or it declines */
  VM_LANE_N_STATES
} VmLaneState;

typedef enum
{
  VM_LANE_EVENT_TRY,
  VM_LANE_EVENT_OPEN,
  VM_LANE_EVENT_LOSE,
  VM_LANE_EVENT_REST, /* it has rested */
  VM_LANE_EVENT_REFUSE,
  VM_LANE_N_EVENTS
} VmLaneEvent;

const gchar *vm_lane_kind_to_string (VmLaneKind kind);
const gchar *vm_lane_state_to_string (VmLaneState state);
const gchar *vm_lane_event_to_string (VmLaneEvent event);
/* Whether the transition exists; *@next is @state where it does not. */
gboolean
vm_lane_state_next (VmLaneState state, VmLaneEvent event, VmLaneState *next);

typedef struct _VmLanes VmLanes;

VmLanes *vm_lanes_new (void);
void vm_lanes_free (VmLanes *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmLanes, vm_lanes_free)

/* Adds a lane of this side, the best of its kind first. @address: or NULL.
 * FALSE: there are VM_LANES_MAX. */
gboolean vm_lanes_add (
    VmLanes *self, VmLaneKind kind, const gchar *address, guint endpoint);
/* The kinds that the other side has, 1 << VmLaneKind each; the default is all.
 */
void vm_lanes_set_theirs (VmLanes *self, guint kinds);
/* Replaces VM_LANES_LOST_TIME. */
void vm_lanes_set_lost_time (VmLanes *self, gint64 lost_time);

/* The lane to try now, which becomes TRYING; -1: none, because one is open or
 * tried, or all of them rest. */
gint vm_lanes_next (VmLanes *self, gint64 now);
/* When to call vm_lanes_next() again, if nothing happens before; -1: never. */
gint64 vm_lanes_get_deadline (VmLanes *self);
void vm_lanes_opened (VmLanes *self, gint lane, gint64 now);
/* The open lane has carried more of the file. */
void vm_lanes_advanced (VmLanes *self);
/* The lane did not open, or is dead. */
void vm_lanes_lost (VmLanes *self, gint lane, gint64 now);
void vm_lanes_refused (VmLanes *self, gint lane, gint64 now);
/* All are refused; or all were tried, and none was open for VM_LANES_LOST_TIME;
 * or VM_LANES_IDLE_MAX opened and carried nothing. */
gboolean vm_lanes_is_over (VmLanes *self, gint64 now);

VmLaneKind vm_lanes_get_kind (VmLanes *self, gint lane);
const gchar *vm_lanes_get_address (VmLanes *self, gint lane);
