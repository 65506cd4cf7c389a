/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting that its server takes to an SFU, and back (protocol/cloud.md). The
 * way before is kept until the new one has the picture:
 *
 *   to the SFU    everything is sent there as well; a participant that is heard
 *                 there is told so; the connection to it ends once it has told
 *                 the same
 *   to the mesh   connections are made anew; a participant that is heard by
 *                 its own is told so; once all are, and have told the same, the
 *                 SFU is left
 *   a pair        two between whom no path leads send there as well, and hear
 *                 each other there until they do by their own connection; all
 *                 others stay as they are
 *
 * Control thread. */

#include "controller/vmcontroller-priv.h"
#include "plugin/plugin.h"

#define GST_CAT_DEFAULT vm_signal_debug

/* In the SFU, for the others, after all were heard by the mesh; and where one
 * of them does not tell that it hears this device, as an older one. */
#define LEAVE_US (2 * G_TIME_SPAN_SECOND)
#define LEAVE_UNTOLD_US (10 * G_TIME_SPAN_SECOND)

static gboolean
is_active (VmController *self)
{
  return VM_PLUGIN (vm_meeting_get_sfu_active) (self->meeting);
}

static void
set_cloud (VmController *self, VmCloud *cloud)
{
  VmCloud *old;

  g_mutex_lock (&self->lock);
  old = self->cloud;
  self->cloud = cloud;
  g_mutex_unlock (&self->lock);
  if (!old)
    return;
  vm_cloud_close (old);
  vm_cloud_unref (old);
}

/* To the SFU */

static void
enter (VmController *self)
{
  vm_controller_leave_sfu (self);
  g_set_object (&self->sfu, VM_PLUGIN (vm_meeting_get_cloud) (self->meeting));
  set_cloud (self, vm_cloud_new (&vm_controller_link_owner, self,
                       &self->funcs->link, self->bin, self->meeting));
  vm_controller_start_waiting (self);
}

static gboolean
has_pairs (VmController *self)
{
  return VM_PLUGIN (vm_meeting_is_sfu_pair) (self->meeting, NULL);
}

/* Who has not offered yet comes by the SFU alone. */
static void
go (VmController *self)
{
  gboolean pairs = has_pairs (self);

  self->back_since = 0;
  for (guint i = 0; i < self->links->len; i++) {
    VmLink *link = self->links->pdata[i];

    vm_link_set_paired (link, VM_PLUGIN (vm_meeting_is_sfu_pair) (self->meeting,
                                  vm_link_get_participant (link)));
    if (pairs)
      continue;
    vm_link_set_by_server (link, TRUE);
    if (!vm_link_has_connection (link))
      vm_link_set_served (link, TRUE);
  }
  /* it may have been about to be left */
  if (self->sfu != VM_PLUGIN (vm_meeting_get_cloud) (self->meeting))
    enter (self);
  if (self->cloud)
    vm_cloud_set_pairs (self->cloud, pairs);
}

void
vm_controller_leave_sfu (VmController *self)
{
  g_clear_object (&self->sfu);
  set_cloud (self, NULL);
}

gboolean
vm_controller_serves (VmController *self, VmLink *link)
{
  if (!is_active (self))
    return FALSE;
  vm_link_set_by_server (link, TRUE);
  vm_link_set_served (link, TRUE);
  return TRUE;
}

static void
tell_heard (VmController *self, VmLink *link, gboolean by_server)
{
  VM_PLUGIN (vm_meeting_send_sfu_heard)
  (self->meeting, vm_link_get_participant (link), by_server);
}

/* Back to the mesh */

static void
come_back (VmController *self, VmLink *link)
{
  vm_link_set_by_server (link, FALSE);
  vm_link_set_served (link, FALSE);
  if (vm_link_has_connection (link))
    return;
  if (vm_meeting_offers_to (self->meeting, vm_link_get_participant (link)))
    vm_link_offer (link);
  else
    vm_link_expect_offer (link);
}

/* Of a pair, each hears the other by their connection, if the SFU is not lost.
 */
static void
end_pairs (VmController *self)
{
  vm_controller_leave_sfu (self);
  VM_PLUGIN (vm_meeting_leave_sfu) (self->meeting);
  for (guint i = 0; i < self->links->len; i++) {
    vm_link_set_paired (self->links->pdata[i], FALSE);
    vm_link_look_at_path (self->links->pdata[i]);
  }
}

static gboolean
is_paired (VmController *self)
{
  for (guint i = 0; i < self->links->len; i++) {
    if (vm_link_is_paired (self->links->pdata[i]))
      return TRUE;
  }
  return FALSE;
}

static void
go_back (VmController *self)
{
  if (is_paired (self))
    end_pairs (self);
  for (guint i = 0; i < self->links->len; i++)
    come_back (self, self->links->pdata[i]);
}

static gboolean
are_all (VmController *self, gboolean (*func) (VmLink *link))
{
  for (guint i = 0; i < self->links->len; i++) {
    if (!func (self->links->pdata[i]))
      return FALSE;
  }
  return TRUE;
}

/* A picture comes one way before it comes the other: whoever is heard may hear
 * nothing yet but what comes by the SFU. */
static void
look_whether_to_leave (VmController *self, gint64 now)
{
  gint64 wait =
      are_all (self, vm_link_is_heard_back) ? LEAVE_US : LEAVE_UNTOLD_US;

  if (!are_all (self, vm_link_hears_mesh)) {
    self->back_since = 0;
  } else if (!self->back_since) {
    self->back_since = now;
  } else if (now - self->back_since >= wait) {
    self->back_since = 0;
    vm_controller_leave_sfu (self);
    VM_PLUGIN (vm_meeting_leave_sfu) (self->meeting);
  }
}

static void
tick_pair (VmController *self, VmLink *link)
{
  if (!vm_link_is_paired (link))
    return;
  vm_link_look_at_path (link);
  if (vm_link_tells_back (link))
    tell_heard (self, link, FALSE);
  if (vm_link_ends_pair (link))
    VM_PLUGIN (vm_meeting_send_sfu_pair)
  (self->meeting, vm_link_get_participant (link), FALSE);
}

void
vm_controller_tick_sfu (VmController *self, gint64 now)
{
  gboolean active, by_server;

  if (!self->cloud || self->config.link.dialect == VM_DIALECT_NAME_JANUS)
    return;
  active = is_active (self);
  for (guint i = 0; i < self->links->len; i++) {
    VmLink *link = self->links->pdata[i];

    if (has_pairs (self)) {
      tick_pair (self, link);
      continue;
    }
    vm_link_look_at_path (link);
    by_server = FALSE;
    if (active ? vm_link_tells_served (link, &by_server)
               : vm_link_tells_back (link))
      tell_heard (self, link, by_server);
  }
  if (!active && !has_pairs (self))
    look_whether_to_leave (self, now);
}

/* What the meeting says */

static void
on_sfu (
    VmMeeting *meeting, VmParticipant *participant, gboolean on, gpointer data)
{
  VmController *self = data;
  VmLink *link =
      participant ? vm_controller_find_link (self, participant) : NULL;

  if (self->hung_up)
    return;
  if (participant) {
    if (link)
      vm_link_set_heard_there (link, on);
  } else if (on) {
    go (self);
  } else if (is_active (self) || has_pairs (self)) {
    /* the SFU is lost; another connection to it follows */
    vm_controller_leave_sfu (self);
  } else {
    go_back (self);
  }
}

static void
on_pair (VmMeeting *meeting, VmParticipant *participant, gpointer data)
{
  VmController *self = data;
  VmLink *link = vm_controller_find_link (self, participant);

  if (link && !self->hung_up)
    vm_link_agree_to_pair (link);
}

/* That of the bridge's room, but in rooms of its own. */
static void
set_server (VmController *self)
{
  g_autofree gchar *socket = NULL;
  g_autofree gchar *uri = NULL;
  gint64 room;

  if (!self->config.cloud_uri
      || !VM_PLUGIN (vm_janus_uri_parse) (
          self->config.cloud_uri, &socket, &room, NULL))
    return;
  uri = g_strconcat ("janus+", socket, NULL);
  VM_PLUGIN (vm_meeting_set_sfu_server)
  (self->meeting, uri, self->config.api_secret);
}

void
vm_controller_set_up_sfu (VmController *self)
{
  if (!(self->config.link.paths & VM_PATH_CLOUD))
    return;
  VM_PLUGIN (vm_meeting_set_sfu_func) (self->meeting, on_sfu, on_pair);
  set_server (self);
}
