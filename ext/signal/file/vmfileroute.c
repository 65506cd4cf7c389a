/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "file/vmfileroute.h"
#include "plugin/plugin.h"

#include <gst/videomeet/transfer/engine/lanes.h>
#include <gst/videomeet/base/vmtimer-priv.h>

struct _VmFileRoute
{
  VmFileRouteFuncs funcs;
  gpointer link;
  GMainContext *context;
  gchar *id;
  VmFilePad *pad;

  VmLanes *lanes; /* NULL: it is not accepted yet */
  gint lane; /* that is tried or open; -1: none */
  gboolean open;
  VmMediaSession *session;
  VmFileSocket *socket;
  GSource *again;
};

static void try_next (VmFileRoute *self);

VmFileRoute *
vm_file_route_new (const VmFileRouteFuncs *funcs, gpointer link,
    GMainContext *context, const gchar *id, VmFilePad *pad)
{
  VmFileRoute *self = g_new0 (VmFileRoute, 1);

  self->funcs = *funcs;
  self->link = link;
  self->context = context;
  self->id = g_strdup (id);
  self->pad = gst_object_ref (pad);
  self->lane = -1;
  return self;
}

static void
drop_socket (VmFileRoute *self)
{
  if (!self->socket)
    return;
  g_signal_handlers_disconnect_by_data (self->socket, self);
  VM_PLUGIN (vm_file_socket_close) (self->socket);
  g_clear_object (&self->socket);
}

void
vm_file_route_free (VmFileRoute *self)
{
  vm_timer_clear (&self->again);
  drop_socket (self);
  g_clear_object (&self->session);
  g_clear_pointer (&self->lanes, vm_lanes_free);
  gst_object_unref (self->pad);
  g_free (self->id);
  g_free (self);
}

VmFilePad *
vm_file_route_get_pad (VmFileRoute *self)
{
  return self->pad;
}

const gchar *
vm_file_route_get_id (VmFileRoute *self)
{
  return self->id;
}

static VmLaneKind
kind_of (VmFileRoute *self)
{
  return vm_lanes_get_kind (self->lanes, self->lane);
}

static void
take_lane (VmFileRoute *self)
{
  vm_lanes_opened (self->lanes, self->lane, g_get_monotonic_time ());
  self->open = TRUE;
  vm_file_pad_tell_lane (self->pad, self->id,
      vm_lane_kind_to_string (kind_of (self)),
      vm_lanes_get_address (self->lanes, self->lane));
  self->funcs.go_on (self->link);
}

/* @for_good: nobody is there whom it may go to. */
static void
lose_lane (VmFileRoute *self, gboolean for_good)
{
  gint64 now = g_get_monotonic_time ();

  drop_socket (self);
  self->open = FALSE;
  if (for_good)
    vm_lanes_refused (self->lanes, self->lane, now);
  else
    vm_lanes_lost (self->lanes, self->lane, now);
  self->lane = -1;
}

static void
on_opened (VmFileSocket *socket, VmFileRoute *self)
{
  take_lane (self);
}

static void
on_message (
    VmFileSocket *socket, const GstStructure *message, VmFileRoute *self)
{
  self->funcs.take (self->link, message);
}

static void
on_closed (VmFileSocket *socket, GError *error, VmFileRoute *self)
{
  if (!self->open)
    self->funcs.not_reached (self->link);
  g_debug ("%s does not carry %s: %s",
      VM_PLUGIN (vm_file_socket_get_base_uri) (socket), self->id,
      error->message);
  lose_lane (self, g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_KEY));
  try_next (self);
}

static void
open_socket (VmFileRoute *self)
{
  self->socket = VM_PLUGIN (vm_file_socket_new) (
      self->session, vm_lanes_get_address (self->lanes, self->lane), self->id);
  g_signal_connect (self->socket, "opened", G_CALLBACK (on_opened), self);
  g_signal_connect (self->socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->socket, "closed", G_CALLBACK (on_closed), self);
}

static gboolean
on_again (gpointer user_data)
{
  VmFileRoute *self = user_data;

  vm_timer_clear (&self->again);
  try_next (self);
  return G_SOURCE_REMOVE;
}

static void
wait_for_lane (VmFileRoute *self)
{
  gint64 deadline = vm_lanes_get_deadline (self->lanes);
  gint64 wait = deadline - g_get_monotonic_time ();

  vm_timer_clear (&self->again);
  if (deadline >= 0)
    self->again = vm_timer_new (
        self->context, (guint) (MAX (wait, 0) / 1000 + 1), on_again, self);
}

/* How long none is there is the link's to judge: it ends when the participant
 * has left. */
static void
try_next (VmFileRoute *self)
{
  while ((self->lane = vm_lanes_next (self->lanes, g_get_monotonic_time ()))
         >= 0) {
    if (kind_of (self) == VM_LANE_WSS) {
      open_socket (self);
      return;
    }
    if (self->funcs.has_channels (self->link)) {
      take_lane (self);
      return;
    }
    lose_lane (self, FALSE);
  }
  wait_for_lane (self);
}

void
vm_file_route_choose (
    VmFileRoute *self, VmMediaSession *session, const gchar *base_uri)
{
  if (self->lanes)
    return;
  self->lanes = vm_lanes_new ();
  g_set_object (&self->session, session);
  if (base_uri)
    vm_lanes_add (self->lanes, VM_LANE_WSS, base_uri, 0);
  vm_lanes_add (self->lanes, VM_LANE_CHANNEL, NULL, 0);
  try_next (self);
}

VmFileRouteResult
vm_file_route_send (
    VmFileRoute *self, const GstStructure *message, GBytes *data)
{
  g_autoptr (GError) error = NULL;

  if (!self->lanes)
    return VM_FILE_ROUTE_CHANNELS;
  if (!self->open)
    return VM_FILE_ROUTE_WAIT;
  if (kind_of (self) == VM_LANE_CHANNEL)
    return VM_FILE_ROUTE_CHANNELS;
  if (VM_PLUGIN (vm_file_socket_send) (self->socket, message, data, &error))
    return VM_FILE_ROUTE_SENT;
  g_debug ("nothing sent of %s: %s", self->id, error->message);
  /* lost, as will be heard; else it is no message */
  return g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED)
             ? VM_FILE_ROUTE_WAIT
             : VM_FILE_ROUTE_SENT;
}

void
vm_file_route_lose_channels (VmFileRoute *self)
{
  if (!self->open || kind_of (self) != VM_LANE_CHANNEL)
    return;
  lose_lane (self, FALSE);
  try_next (self);
}
