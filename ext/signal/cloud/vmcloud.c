/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cloud/vmcloud-priv.h"
#include "link/vmattempts.h"

#define GST_CAT_DEFAULT vm_signal_debug

VmCloud *
vm_cloud_new (const VmLinkOwner *owner, VmController *controller,
    const VmLinkBin *bin_funcs, VmSignalBin *bin, VmMeeting *meeting)
{
  VmCloud *self = g_new0 (VmCloud, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->owner = owner;
  self->controller = owner->ref (controller);
  self->bin_funcs = bin_funcs;
  self->bin = bin;
  self->meeting = meeting;
  self->config = owner->get_config (controller);
  self->sources = g_ptr_array_new_with_free_func (vm_cloud_source_free);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    self->codecs[i] = VM_CODEC_NONE;
  return self;
}

VmCloud *
vm_cloud_ref (VmCloud *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
vm_cloud_unref (VmCloud *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->sources);
  self->owner->unref (self->controller);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
vm_cloud_close (VmCloud *self)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  vm_cloud_stop_publishing (self);
  vm_cloud_stop_subscribing (self);
  g_ptr_array_set_size (self->sources, 0);
}

/* Shared by both connections */

VmJanusConnection *
vm_cloud_get_connection (VmCloud *self)
{
  return self->closed ? NULL : VM_PLUGIN (vm_meeting_get_cloud) (self->meeting);
}

void
vm_cloud_configure (
    VmCloud *self, VmPeerConfig *peer, guint failed, GstClock **clock)
{
  const VmLinkConfig *config = self->config;

  self->owner->get_clock (self->controller, clock, &peer->base_time);
  peer->clock = *clock;
  peer->stun_server = config->stun_server;
  peer->turn_servers = (const gchar *const *) config->turn_servers;
  /* that to the server: those to the others are its own affair */
  peer->paths = config->paths & (VM_PATH_DIRECT | VM_PATH_RELAY);
  vm_playout_configure (config->latency_ms, peer);
  peer->patient = failed > 0;
  peer->connect_ms = vm_attempts_time (failed, config->connect_timeout_ms);
  peer->music = config->audio_profile == VM_AUDIO_PROFILE_MUSIC;
}

void
vm_cloud_warn (VmCloud *self, const gchar *what, const GError *error)
{
  GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, RESOURCE, OPEN_READ_WRITE,
      ("%s: %s", what, error->message), (NULL),
      ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
}

void
vm_cloud_send_found (VmCloud *self, VmJanusRole role, VmPeer *peer)
{
  VmJanusConnection *connection = vm_cloud_get_connection (self);
  guint mline = 0;
  g_auto (GStrv) found = vm_peer_take_found (peer, &mline);

  for (guint i = 0; connection && found && found[i]; i++)
    VM_PLUGIN (vm_janus_connection_add_candidate)
  (connection, role, *found[i] ? found[i] : NULL, NULL, mline);
}

void
vm_cloud_close_peer (VmCloud *self, VmPeer **peer)
{
  VmPeer *old = g_steal_pointer (peer);

  if (!old)
    return;
  g_signal_handlers_disconnect_by_data (old, self);
  vm_peer_close (old);
  g_object_unref (old);
}

/* What happens */

static void
take_candidate (VmCloud *self, const VmJanusEvent *event)
{
  VmPeer *peer = event->role == VM_JANUS_PUBLISHER ? self->out : self->in;

  if (peer)
    vm_peer_add_candidate (
        peer, (guint) MAX (event->mline, 0), event->text ? event->text : "");
}

static void
take_warning (VmCloud *self, const GError *error)
{
  /* the next one is tried before anybody is told */
  if (g_error_matches (error, VM_ERROR, VM_ERROR_CODEC)
      && vm_cloud_has_choice (self))
    return;
  vm_cloud_warn (self, "The room of Janus", error);
}

void
vm_cloud_take_event (VmCloud *self, const VmJanusEvent *event, VmLink *link)
{
  g_autoptr (VmCloud) alive = vm_cloud_ref (self);

  if (self->closed)
    return;
  switch (event->type) {
    case VM_JANUS_EVENT_JOINED:
      self->joined = TRUE;
      vm_cloud_publish (self);
      break;
    case VM_JANUS_EVENT_PUBLISHED:
      vm_cloud_take_published (self, event);
      break;
    case VM_JANUS_EVENT_PUBLISH_FAILED:
      vm_cloud_take_refusal (self, event);
      break;
    case VM_JANUS_EVENT_STREAM_ADDED:
      if (link)
        vm_cloud_add_source (self, event, link);
      break;
    case VM_JANUS_EVENT_STREAM_REMOVED:
      vm_cloud_remove_source (self, event);
      break;
    case VM_JANUS_EVENT_OFFER:
      vm_cloud_take_offer (self, event);
      break;
    case VM_JANUS_EVENT_CONNECTION_LOST:
      if (event->role == VM_JANUS_PUBLISHER)
        vm_cloud_lose_publisher (self, event->error);
      else
        vm_cloud_lose_subscriber (self);
      break;
    case VM_JANUS_EVENT_CANDIDATE:
      take_candidate (self, event);
      break;
    case VM_JANUS_EVENT_WARNING:
      take_warning (self, event->error);
      break;
    default:
      break;
  }
}

void
vm_cloud_set_clock (VmCloud *self)
{
  g_autoptr (GstClock) clock = NULL;
  GstClockTime base_time;

  self->owner->get_clock (self->controller, &clock, &base_time);
  if (self->out)
    vm_peer_set_clock (self->out, clock, base_time);
  if (self->in)
    vm_peer_set_clock (self->in, clock, base_time);
}
