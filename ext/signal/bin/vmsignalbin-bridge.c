/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bridge of vmsignalbin to a room in the cloud, where its property
 * cloud-uri names one. */

#include "bin/vmsignalbin-priv.h"
#include "plugin/plugin.h"

static VmBridge *
ref_bridge (VmSignalBin *self)
{
  VmBridge *bridge;

  GST_OBJECT_LOCK (self);
  bridge = self->bridge ? g_object_ref (self->bridge) : NULL;
  GST_OBJECT_UNLOCK (self);
  return bridge;
}

static void
tell_role (GstBin *bin, const gchar *word)
{
  g_autoptr (VmController) controller =
      vm_signal_bin_ref_controller (VM_SIGNAL_BIN (bin));

  if (controller)
    vm_controller_set_bridge (controller, word);
}

static void
listen (GstBin *bin, VmBridge *bridge, gboolean listen)
{
  g_autoptr (VmController) controller =
      vm_signal_bin_ref_controller (VM_SIGNAL_BIN (bin));

  if (controller)
    vm_controller_set_tap (
        controller, vm_bridge_hear, listen ? G_OBJECT (bridge) : NULL);
}

static void
request_key_unit (GstBin *bin, const gchar *id, VmPeerStream stream)
{
  g_autoptr (VmController) controller =
      vm_signal_bin_ref_controller (VM_SIGNAL_BIN (bin));

  if (controller)
    vm_controller_request_key_unit (controller, id, stream);
}

static void
post (GstBin *bin, GstStructure *structure)
{
  vm_signal_bin_post (VM_SIGNAL_BIN (bin), structure);
}

static const VmBridgeFuncs funcs = { tell_role, listen, request_key_unit,
  post };

static gchar *
dup_user (VmSignalBin *self)
{
  gchar *user;

  GST_OBJECT_LOCK (self);
  user = g_strdup (self->user);
  GST_OBJECT_UNLOCK (self);
  if (!user)
    g_object_get (self->node, "user", &user, NULL);
  return user;
}

/* What is wrong is said at the start, not when the bridge is needed. */
static gboolean
check (VmSignalBin *self, const gchar *uri, const gchar *of)
{
  g_autofree gchar *socket = NULL;
  gint64 room;
  g_autoptr (GError) error = NULL;

  if (VM_PLUGIN (vm_janus_is_uri) (of))
    g_set_error_literal (&error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A room of the cloud has no bridge to another: uri and cloud-uri are "
        "both rooms of Janus");
  else
    VM_PLUGIN (vm_janus_uri_parse) (uri, &socket, &room, &error);
  if (!error)
    return TRUE;
  GST_ELEMENT_ERROR_WITH_DETAILS (self, LIBRARY, SETTINGS,
      ("cloud-uri: %s", error->message), (NULL),
      ("property", G_TYPE_STRING, "cloud-uri", NULL));
  return FALSE;
}

gboolean
vm_signal_bin_start_bridge (VmSignalBin *self)
{
  g_autofree gchar *uri = NULL, *of = NULL, *pin = NULL, *secret = NULL,
                   *token = NULL, *user = NULL;
  VmBridgeConfig config = { 0 };

  GST_OBJECT_LOCK (self);
  uri = g_strdup (self->cloud_uri);
  of = g_strdup (self->uri);
  pin = g_strdup (self->cloud_pin);
  secret = g_strdup (self->api_secret);
  token = g_strdup (self->cap_token);
  config.make_room = self->make_room;
  config.chosen = self->bridge_chosen;
  GST_OBJECT_UNLOCK (self);
  if (!uri)
    return TRUE;
  if (!check (self, uri, of))
    return FALSE;
  user = dup_user (self);
  config.uri = uri;
  config.user = user;
  config.pin = pin;
  config.api_secret = secret;
  config.token = token;
  self->bridge = vm_bridge_new (GST_BIN (self), &config, &funcs);
  return TRUE;
}

void
vm_signal_bin_stop_bridge (VmSignalBin *self)
{
  g_autoptr (VmBridge) bridge = ref_bridge (self);

  if (!bridge)
    return;
  vm_bridge_stop (bridge);
  GST_OBJECT_LOCK (self);
  g_clear_object (&self->bridge);
  GST_OBJECT_UNLOCK (self);
}

void
vm_signal_bin_tell_bridge (VmSignalBin *self, const GstStructure *structure)
{
  g_autoptr (VmBridge) bridge = ref_bridge (self);

  if (bridge)
    vm_bridge_take (bridge, structure);
}

gboolean
vm_signal_bin_is_of_bridge (VmSignalBin *self, GstMessage *message)
{
  g_autoptr (VmBridge) bridge = ref_bridge (self);

  return vm_bridge_take_message (bridge, GST_BIN (self), message);
}
