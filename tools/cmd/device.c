/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/device.h"

static void
set_string (VmNode *node, const gchar *property, const gchar *value)
{
  if (value)
    g_object_set (node, property, value, NULL);
}

VmNode *
vmt_device_setup (const VmtOptions *options)
{
  VmNode *node = vm_node_get_default ();

  set_string (node, "user", options->user);
  set_string (node, "device", options->device);
  set_string (node, "device-name", options->device_name);
  set_string (node, "interfaces", options->interfaces);
  set_string (node, "peers", options->peers);
  /* a port that was asked for is never replaced by another, so it is set only
   * when it was */
  if (options->port)
    g_object_set (node, "port", (guint) options->port, NULL);
  if (options->announce_set)
    g_object_set (node, "announce", options->announce, NULL);
  if (options->methods_set)
    g_object_set (node, "methods", options->methods, NULL);
  if (options->max_participants)
    g_object_set (
        node, "max-participants", (guint) options->max_participants, NULL);
  if (options->policy_set)
    g_object_set (node, "policy", options->policy, NULL);
  g_object_set (node, "cloud-trust", options->cloud_trust, NULL);
  if (options->approve_set)
    g_object_set (node, "approve", options->approve, NULL);
  if (options->permissions_set)
    g_object_set (node, "permissions", options->permissions, NULL);
  if (options->insecure)
    g_object_set (node, "insecure", TRUE, NULL);
  if (options->origins) {
    g_autofree gchar *origins = g_strjoinv (",", options->origins);

    g_object_set (node, "origins", origins, NULL);
  }
  if (options->tls_cert)
    g_object_set (
        node, "tls-cert", options->tls_cert, "tls-key", options->tls_key, NULL);
  return node;
}

typedef struct
{
  VmtOutput *output; /* not owned */
  gchar *message;
} Warning;

static void
warning_free (gpointer data)
{
  Warning *warning = data;

  g_free (warning->message);
  g_free (warning);
}

static gboolean
tell_warning (gpointer data)
{
  Warning *warning = data;

  vmt_output_warning (warning->output, NULL, warning->message);
  return G_SOURCE_REMOVE;
}

/* On the node's thread. That one way of finding devices does not work is for
 * those who look for all of them. */
static void
on_warning (
    VmNode *node, const gchar *method, const gchar *message, gpointer user_data)
{
  Warning *warning;

  if (g_strcmp0 (method, "interfaces") != 0)
    return;
  warning = g_new (Warning, 1);
  *warning = (Warning){ user_data, g_strdup (message) };
  g_idle_add_full (G_PRIORITY_DEFAULT, tell_warning, warning, warning_free);
}

void
vmt_device_warn (VmNode *node, VmtOutput *output)
{
  g_signal_connect (node, "warning", G_CALLBACK (on_warning), output);
}

static gboolean
is_server (const VmKnownDevice *device)
{
  return !*device->user;
}

JsonObject *
vmt_known_event (const gchar *name, const VmKnownDevice *device)
{
  JsonObject *event = vmt_event_new (name);
  g_autofree gchar *date = g_date_time_format_iso8601 (device->first_seen);

  vmt_event_add_string (event, "deviceId", device->device_id);
  if (is_server (device)) {
    vmt_event_add_string (event, "server", device->device);
  } else {
    vmt_event_add_string (event, "user", device->user);
    vmt_event_add_string (event, "device", device->device);
  }
  vmt_event_add_string (event, "firstSeen", date);
  return event;
}

gchar *
vmt_known_name (const VmKnownDevice *device)
{
  g_autofree gchar *name =
      is_server (device)
          ? g_strdup_printf ("the server %s", device->device)
          : g_strdup_printf ("%s's %s", device->user, device->device);

  return vmt_text_safe (name);
}
