/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bin/vmsignalpad.h"

#include "plugin/plugin.h"

enum
{
  PROP_0,
  PROP_PARTICIPANT_ID,
  PROP_PARTICIPANT_NAME,
  PROP_TRUSTED,
  PROP_FINGERPRINT,
};

struct _VmSignalPad
{
  GstGhostPad parent;

  /* set once, at construction */
  gchar *participant_id, *participant_name, *fingerprint;
  gboolean trusted;
  void (*ended) (GstPad *pad, gpointer user_data); /* object lock */
  gpointer user_data;
  GDestroyNotify notify;
};

G_DEFINE_FINAL_TYPE (VmSignalPad, vm_signal_pad, GST_TYPE_GHOST_PAD)

static void
vm_signal_pad_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmSignalPad *self = VM_SIGNAL_PAD (object);

  switch (id) {
    case PROP_PARTICIPANT_ID:
      g_value_set_string (value, self->participant_id);
      break;
    case PROP_PARTICIPANT_NAME:
      g_value_set_string (value, self->participant_name);
      break;
    case PROP_TRUSTED:
      g_value_set_boolean (value, self->trusted);
      break;
    case PROP_FINGERPRINT:
      g_value_set_string (value, self->fingerprint);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_signal_pad_finalize (GObject *object)
{
  VmSignalPad *self = VM_SIGNAL_PAD (object);

  g_free (self->participant_id);
  g_free (self->participant_name);
  g_free (self->fingerprint);
  if (self->notify)
    self->notify (self->user_data);
  G_OBJECT_CLASS (vm_signal_pad_parent_class)->finalize (object);
}

static void
vm_signal_pad_class_init (VmSignalPadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = vm_signal_pad_get_property;
  object_class->finalize = vm_signal_pad_finalize;
  g_object_class_install_property (object_class, PROP_PARTICIPANT_ID,
      g_param_spec_string ("participant-id", "Participant id",
          "Id of the participant whose stream this is, unique in the meeting",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_PARTICIPANT_NAME,
      g_param_spec_string ("participant-name", "Participant name",
          "Name of the participant whose stream this is", NULL,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_TRUSTED,
      g_param_spec_boolean ("trusted", "Trusted",
          "Whether the participant's device was trusted when the stream began",
          FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_FINGERPRINT,
      g_param_spec_string ("fingerprint", "Fingerprint",
          "SHA-256 of the participant's device key, as AB:CD:… (null: the "
          "participant has no key)",
          NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
vm_signal_pad_init (VmSignalPad *self)
{
}

/* Unlinked, or linked to an element that is not running yet: the stream goes
 * on, and its next buffer tries again. The pad's own flushing, at the end,
 * still stops it: the chain function is then not reached. */
static GstFlowReturn
forgive (GstFlowReturn flow)
{
  return flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_FLUSHING ? GST_FLOW_OK
                                                                  : flow;
}

static GstFlowReturn
vm_signal_pad_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  return forgive (gst_proxy_pad_chain_default (pad, parent, buffer));
}

static GstFlowReturn
vm_signal_pad_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  return forgive (gst_proxy_pad_chain_list_default (pad, parent, list));
}

static gboolean
vm_signal_pad_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  gboolean eos = GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  gboolean handled = gst_pad_event_default (pad, parent, event);

  if (eos && VM_IS_SIGNAL_PAD (parent)) {
    VmSignalPad *self = VM_SIGNAL_PAD (parent);
    void (*ended) (GstPad * pad, gpointer user_data);

    GST_OBJECT_LOCK (self);
    ended = self->ended;
    GST_OBJECT_UNLOCK (self);
    if (ended)
      ended (GST_PAD (self), self->user_data);
  }
  return handled;
}

void
vm_signal_pad_set_ended_func (VmSignalPad *self,
    void (*func) (GstPad *pad, gpointer user_data), gpointer user_data,
    GDestroyNotify notify)
{
  gpointer old_data;
  GDestroyNotify old_notify;

  GST_OBJECT_LOCK (self);
  old_data = self->user_data;
  old_notify = self->notify;
  self->ended = func;
  self->user_data = user_data;
  self->notify = notify;
  GST_OBJECT_UNLOCK (self);
  if (old_notify)
    old_notify (old_data);
}

GstPad *
vm_signal_pad_new (const gchar *name, GstPad *target, GstPadTemplate *templ,
    VmParticipant *participant)
{
  VmSignalPad *self = g_object_new (VM_TYPE_SIGNAL_PAD, "name", name,
      "direction", GST_PAD_SRC, "template", templ, NULL);
  GstProxyPad *internal;

  self->participant_id = g_strdup (vm_participant_get_id (participant));
  self->participant_name = g_strdup (vm_participant_get_user (participant));
  self->fingerprint = vm_fingerprint_from_device_id (
      vm_participant_get_device_id (participant));
  self->trusted = VM_PLUGIN (vm_participant_get_trust) (participant)
                  == VM_TRUST_LEVEL_TRUSTED;
  gst_ghost_pad_set_target (GST_GHOST_PAD (self), target);
  internal = gst_proxy_pad_get_internal (GST_PROXY_PAD (self));
  gst_pad_set_chain_function (GST_PAD (internal), vm_signal_pad_chain);
  gst_pad_set_chain_list_function (
      GST_PAD (internal), vm_signal_pad_chain_list);
  gst_pad_set_event_function (GST_PAD (internal), vm_signal_pad_event);
  gst_object_unref (internal);
  return GST_PAD (self);
}
