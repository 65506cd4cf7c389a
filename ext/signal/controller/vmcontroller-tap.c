/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whoever hears, besides the participants, all that is sent and received: the
 * bridge to the cloud. */

#include "controller/vmcontroller-priv.h"
#include "plugin/plugin.h"

#define GST_CAT_DEFAULT vm_signal_debug

typedef struct
{
  VmControllerTap tap;
  GObject *target; /* owned, or NULL */
} Listener;

static Listener
get_listener (VmController *self)
{
  Listener listener;

  g_mutex_lock (&self->lock);
  listener.tap = self->tap;
  listener.target = self->tap_target ? g_object_ref (self->tap_target) : NULL;
  g_mutex_unlock (&self->lock);
  return listener;
}

/* Of an input that is encoded twice, as participants differ, only one is
 * heard. */
static gboolean
is_held (VmController *self, VmPeerStream stream, VmCodec codec)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->held[stream] && self->held_codecs[stream] == codec;
}

void
vm_controller_tap (VmController *self, const gchar *id, VmPeerStream stream,
    VmCodec codec, GstSample *sample)
{
  Listener listener = get_listener (self);

  if (listener.target && (id || is_held (self, stream, codec)))
    listener.tap (listener.target, id, stream, sample);
  g_clear_object (&listener.target);
}

/* What this device sends */

static void
release (VmController *self, VmPeerStream stream)
{
  VmInput *input;
  VmCodec codec;

  g_mutex_lock (&self->lock);
  input = g_steal_pointer (&self->held[stream]);
  codec = self->held_codecs[stream];
  g_mutex_unlock (&self->lock);
  if (input)
    vm_input_release (input, codec);
  g_clear_object (&input);
}

static VmCodec
choose_codec (VmController *self, VmPeerStream stream, VmInput *input)
{
  if (vm_input_get_codec (input) != VM_CODEC_NONE)
    return vm_input_get_codec (input);
  return stream == VM_PEER_AUDIO ? VM_CODEC_OPUS : self->config.link.codecs[0];
}

static void
hold (VmController *self, VmPeerStream stream, VmInput *input)
{
  VmCodec codec = choose_codec (self, stream, input);
  g_autoptr (GError) error = NULL;

  if (vm_input_has_failed (input, codec))
    return;
  if (!vm_input_acquire (input, codec, &error)) {
    GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, STREAM, ENCODE,
        ("An input is not sent to the cloud: %s", error->message), (NULL),
        ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
    return;
  }
  g_mutex_lock (&self->lock);
  self->held[stream] = g_object_ref (input);
  self->held_codecs[stream] = codec;
  g_mutex_unlock (&self->lock);
}

static void
hold_stream (VmController *self, VmPeerStream stream, gboolean wanted)
{
  g_autoptr (VmInput) input = self->funcs->link.get_input (self->bin, stream);
  gboolean usable =
      wanted && input && vm_input_has_caps (input) && !vm_input_is_eos (input);

  if (self->held[stream] && usable && self->held[stream] == input)
    return;
  release (self, stream);
  if (usable)
    hold (self, stream, input);
}

void
vm_controller_hold_inputs (VmController *self)
{
  Listener listener = get_listener (self);

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    hold_stream (self, i, listener.target != NULL);
  g_clear_object (&listener.target);
}

static gboolean
hold_inputs (gpointer user_data)
{
  vm_controller_hold_inputs (user_data);
  return G_SOURCE_REMOVE;
}

void
vm_controller_set_tap (VmController *self, VmControllerTap tap, GObject *target)
{
  GObject *old;

  g_mutex_lock (&self->lock);
  old = self->tap_target;
  self->tap = tap;
  self->tap_target = target ? g_object_ref (target) : NULL;
  g_mutex_unlock (&self->lock);
  g_clear_object (&old);
  vm_controller_invoke (self, hold_inputs, self, NULL);
}

/* Any thread. */
static VmLink *
ref_link (VmController *self, const gchar *id)
{
  VmLink *link = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->links->len && !link; i++) {
    VmParticipant *who = vm_link_get_participant (self->links->pdata[i]);

    if (strcmp (vm_participant_get_id (who), id) == 0)
      link = g_object_ref (self->links->pdata[i]);
  }
  g_mutex_unlock (&self->lock);
  return link;
}

static void
request_own (VmController *self, VmPeerStream stream)
{
  g_autoptr (VmInput) input = NULL;
  VmCodec codec;

  g_mutex_lock (&self->lock);
  input = self->held[stream] ? g_object_ref (self->held[stream]) : NULL;
  codec = self->held_codecs[stream];
  g_mutex_unlock (&self->lock);
  if (input)
    vm_input_request_key_unit (input, codec);
}

void
vm_controller_request_key_unit (
    VmController *self, const gchar *id, VmPeerStream stream)
{
  g_autoptr (VmLink) link = id ? ref_link (self, id) : NULL;

  if (link)
    vm_link_request_key_unit (link, stream);
  else if (!id)
    request_own (self, stream);
}

/* What this device tells of itself */

typedef struct
{
  VmController *controller;
  const gchar *word;
} BridgeWord;

static gboolean
set_bridge (gpointer user_data)
{
  BridgeWord *data = user_data;
  VmController *self = data->controller;

  self->bridge = data->word;
  if (self->meeting)
    VM_PLUGIN (vm_meeting_set_bridge) (self->meeting, data->word);
  return G_SOURCE_REMOVE;
}

void
vm_controller_set_bridge (VmController *self, const gchar *word)
{
  BridgeWord *data = g_new (BridgeWord, 1);

  *data = (BridgeWord){ self, word };
  vm_controller_invoke (self, set_bridge, data, g_free);
}
