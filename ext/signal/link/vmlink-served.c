/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A participant whose media a server passes on, always or for a time
 * (protocol/cloud.md): which way it is heard, and when the connection to it may
 * end. Control thread. */

#include "link/vmlink-priv.h"
#include "plugin/plugin.h"

#define GST_CAT_DEFAULT vm_signal_debug

/* Until nothing more is sent to it, once both have heard each other: what has
 * come by the server is shown by then. */
#define SHOWN_MS 500
/* Until the side that offers ends the connection, and until the other does. */
#define RETIRED_MS 1000
#define RETIRED_OTHER_MS 3000

guint
vm_link_hear_from (VmLink *self, VmPeerStream stream)
{
  /* an SFU may still name what somebody sends who has just left the meeting */
  if (!self->closed) {
    vm_link_start_recording (self);
    vm_link_look_at_path (self);
  }
  return ++self->connections | VM_LINK_BY_SERVER;
}

void
vm_link_lose_server (VmLink *self, VmPeerStream stream, guint number)
{
  gboolean heard;

  g_mutex_lock (&self->lock);
  heard = self->heard[stream] == number;
  if (heard)
    self->heard[stream] = 0;
  self->ended[stream] = number;
  g_mutex_unlock (&self->lock);
  if (heard && vm_link_is_connected (self))
    vm_peer_request_key_unit (self->now->peer, stream);
}

gboolean
vm_link_is_served_stream (VmLink *self, VmPeerStream stream)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return (self->heard[stream] & VM_LINK_BY_SERVER) != 0;
}

gboolean
vm_link_hears_server (VmLink *self)
{
  if (!self->now && self->served)
    return TRUE;
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    if (vm_link_is_served_stream (self, i))
      return TRUE;
  }
  return FALSE;
}

/* Which streams make it heard: a picture where it sends one, else sound. */
typedef enum
{
  NOTHING,
  SOUND,
  PICTURE,
} Need;

static Need
get_need (VmLink *self)
{
  gint video = VM_PLUGIN (vm_participant_get_video) (self->participant);
  gint audio = VM_PLUGIN (vm_participant_get_audio) (self->participant);

  if (video == FALSE && audio == FALSE)
    return NOTHING;
  return video == FALSE ? SOUND : PICTURE;
}

static gboolean
hears_all_by_server (VmLink *self)
{
  switch (get_need (self)) {
    case PICTURE:
      return vm_link_is_served_stream (self, VM_PEER_VIDEO)
             || vm_link_is_served_stream (self, VM_PEER_SCREEN);
    case SOUND:
      return vm_link_is_served_stream (self, VM_PEER_AUDIO);
    default:
      return TRUE;
  }
}

static gboolean
is_heard_now (VmLink *self, VmPeerStream stream)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->heard[stream] && self->heard[stream] == self->now->number;
}

gboolean
vm_link_hears_mesh (VmLink *self)
{
  if (!vm_link_is_connected (self))
    return FALSE;
  switch (get_need (self)) {
    case PICTURE:
      return is_heard_now (self, VM_PEER_VIDEO)
             || is_heard_now (self, VM_PEER_SCREEN);
    case SOUND:
      return is_heard_now (self, VM_PEER_AUDIO);
    default:
      return TRUE;
  }
}

gboolean
vm_link_has_connection (VmLink *self)
{
  return self->now != NULL;
}

/* The end of the connection */

static gboolean
on_retired (gpointer user_data)
{
  VmLink *self = user_data;

  vm_timer_clear (&self->retire_source);
  /* files go on */
  if (self->files)
    return G_SOURCE_REMOVE;
  self->served = TRUE;
  vm_link_close_all (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_shown (gpointer user_data)
{
  VmLink *self = user_data;
  gboolean offers =
      vm_meeting_offers_to (vm_link_get_meeting (self), self->participant);

  vm_timer_clear (&self->retire_source);
  vm_link_stop_sending (self);
  self->retire_source = vm_timer_new (
      self->context, offers ? RETIRED_MS : RETIRED_OTHER_MS, on_retired, self);
  return G_SOURCE_REMOVE;
}

gboolean
vm_link_is_retired (VmLink *self)
{
  return self->heard_there && self->told_served;
}

static void
look_whether_retired (VmLink *self)
{
  if (vm_link_is_retired (self) && self->now && !self->retire_source)
    self->retire_source =
        vm_timer_new (self->context, SHOWN_MS, on_shown, self);
}

void
vm_link_set_by_server (VmLink *self, gboolean by_server)
{
  g_mutex_lock (&self->lock);
  self->by_server = by_server;
  g_mutex_unlock (&self->lock);
}

void
vm_link_set_served (VmLink *self, gboolean served)
{
  self->served = served;
  if (served) {
    vm_timer_clear (&self->restart_source);
    vm_timer_clear (&self->offer_wait);
    return;
  }
  self->heard_there = self->told_served = FALSE;
  self->heard_back = self->told_back = FALSE;
  vm_timer_clear (&self->retire_source);
  vm_link_resume_sending (self);
}

void
vm_link_set_paired (VmLink *self, gboolean paired)
{
  if (paired == self->paired)
    return;
  self->paired = paired;
  self->ended_pair = self->heard_back = self->told_back = FALSE;
}

gboolean
vm_link_is_paired (VmLink *self)
{
  return self->paired;
}

gboolean
vm_link_ends_pair (VmLink *self)
{
  if (!self->paired || self->ended_pair || !self->told_back || !self->heard_back
      || !vm_link_hears_mesh (self))
    return FALSE;
  self->ended_pair = TRUE;
  return TRUE;
}

/* A connection that was about to end is needed again. */
static void
stay (VmLink *self)
{
  if (!self->retire_source)
    return;
  vm_timer_clear (&self->retire_source);
  vm_link_resume_sending (self);
}

gboolean
vm_link_tells_served (VmLink *self, gboolean *heard)
{
  *heard = hears_all_by_server (self);
  if (self->closed || *heard == self->told_served)
    return FALSE;
  self->told_served = *heard;
  if (*heard)
    look_whether_retired (self);
  else
    stay (self);
  return TRUE;
}

gboolean
vm_link_tells_back (VmLink *self)
{
  if (self->told_back || self->closed || !vm_link_hears_mesh (self))
    return FALSE;
  self->told_back = TRUE;
  return TRUE;
}

void
vm_link_set_heard_there (VmLink *self, gboolean heard)
{
  self->heard_there = heard;
  self->heard_back = !heard;
  if (heard)
    look_whether_retired (self);
  else
    stay (self);
}

gboolean
vm_link_is_heard_back (VmLink *self)
{
  return self->heard_back;
}
