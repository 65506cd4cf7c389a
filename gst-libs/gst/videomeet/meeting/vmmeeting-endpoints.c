/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which endpoints a meeting has: those of its address, or of the devices that
 * the node knows and that say they host it. */

#include "meeting/vmmeeting-priv.h"
#include "client/signalsocket.h"
#include "node/node-priv.h"
#include "trust/store/decision.h"
#include "trust/store/vmtruststore-priv.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

void
vm_meeting_endpoint_free (VmMeetingEndpoint *endpoint)
{
  g_free (endpoint->base_uri);
  g_free (endpoint->key_hash);
  g_free (endpoint->key);
  g_free (endpoint->device);
  g_free (endpoint->stranger);
  g_free (endpoint);
}

/* The fields are copied, but for the URI, which is taken. */
static void
add_endpoint (VmMeeting *self, gchar *base_uri, const VmMeetingEndpoint *how)
{
  VmMeetingEndpoint *endpoint = g_new (VmMeetingEndpoint, 1);

  *endpoint = (VmMeetingEndpoint){ base_uri, g_strdup (how->key_hash),
    g_strdup (how->key), g_strdup (how->device), how->named };
  g_queue_push_tail (&self->endpoints, endpoint);
}

/* By address */

static const VmMeetingEndpoint given = { .named = TRUE };

/* The last part of the path, decoded once; "..", which a GUri takes for another
 * place, is a name. @folder: what is before it, where a proxy has the host. */
static gchar *
read_name (const gchar *uri, gchar **folder)
{
  g_autofree gchar *scheme = NULL, *path = NULL;
  const gchar *last;

  if (!g_uri_split (uri, G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED,
          &scheme, NULL, NULL, NULL, &path, NULL, NULL, NULL)
      || strcmp (scheme, "videomeet") != 0 || *path != '/')
    return NULL;
  last = strrchr (path, '/');
  *folder = g_strndup (path, last - path);
  return g_uri_unescape_string (last + 1, NULL);
}

/* The zone as RFC 6874 says. */
static gchar *
dup_authority (const gchar *address, guint port)
{
  g_auto (GStrv) parts = g_strsplit (address, "%", 2);
  g_autofree gchar *host = g_strjoinv ("%25", parts);

  return g_strdup_printf (strchr (host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static gboolean
read_uri (VmMeeting *self, GError **error)
{
  g_autoptr (GUri) uri =
      g_uri_parse (self->uri, G_URI_FLAGS_PARSE_RELAXED, NULL);
  g_autofree gchar *place = vm_meeting_dup_place (self);
  const gchar *address = uri ? g_uri_get_host (uri) : NULL;
  g_autofree gchar *folder = NULL;
  g_autofree gchar *meeting = uri ? read_name (self->uri, &folder) : NULL;
  g_autofree gchar *authority = NULL;
  gboolean insecure = FALSE;
  gint port;

  if (!address || !*address || !meeting || !*meeting) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "“%s” is no address of a meeting (videomeet://host:port/meeting)",
        place);
    return FALSE;
  }
  g_free (self->name);
  self->name = g_steal_pointer (&meeting);
  port = g_uri_get_port (uri) > 0 ? g_uri_get_port (uri) : VM_DEFAULT_PORT;
  authority = dup_authority (address, port);
  g_object_get (self->node, "insecure", &insecure, NULL);
  add_endpoint (
      self, g_strconcat ("https://", authority, folder, NULL), &given);
  /* never without TLS to another machine unless that was asked for */
  if (insecure || vm_signal_host_is_loopback (address))
    add_endpoint (
        self, g_strconcat ("http://", authority, folder, NULL), &given);
  return TRUE;
}

static gboolean
read_room_uri (VmMeeting *self, GError **error)
{
  gchar *uri = vm_meeting_read_room_uri (self, error);

  if (uri)
    add_endpoint (self, uri, &given);
  return uri != NULL;
}

gboolean
vm_meeting_read_address (VmMeeting *self, GError **error)
{
  return self->dialect == VM_DIALECT_NAME_NATIVE ? read_uri (self, error)
                                                 : read_room_uri (self, error);
}

/* By name */

/* Of two hosts of one meeting the lower device id stays; processes of one user
 * share theirs, and then the lower port does. */
static gboolean
yields_to (VmMeeting *self, VmDevice *device)
{
  gint order = strcmp (vm_device_get_id (device),
      vm_identity_get_device_id (vm_node_get_identity (self->node)));

  return order < 0
         || (order == 0
             && vm_device_get_port (device) < vm_node_get_port (self->node));
}

/* Whether what runs here may be given up for the meeting of @device: not for
 * one that this device would refuse at its endpoint, and while somebody is here
 * for no stranger, unless everybody is welcome. */
static gboolean
may_follow (VmMeeting *self, VmDevice *device)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts = NULL;
  VmTrustDecision decision;
  VmPolicy policy;

  g_object_get (self->node, "policy", &policy, NULL);
  facts = vm_trust_store_know (self->store,
      vm_device_get_secure (device) ? vm_device_get_id (device) : NULL,
      vm_device_get_user (device), vm_device_get_device (device), now);
  if (!vm_trust_decide (policy, facts, VM_PERMISSIONS_CALL,
          g_date_time_to_unix (now), &decision, NULL))
    return FALSE;
  return policy == VM_POLICY_OPEN || !self->participants->len
         || decision.level != VM_TRUST_LEVEL_UNKNOWN;
}

/* This device's meeting gives way to another of its name; what was said to the
 * guests is a goodbye. */
static void
yield (VmMeeting *self)
{
  g_clear_pointer (&self->seat, vm_seat_close);
  self->welcomed = FALSE;
  self->may_host = TRUE; /* again, when the other is no host after all */
  vm_meeting_drop_participants (self, NULL);
  vm_meeting_limit_entering (self, self->join_timeout);
}

static gboolean
hosts_it (VmMeeting *self, VmDevice *device, gboolean *named)
{
  const gchar *meeting = vm_device_get_meeting (device);

  *named = g_strcmp0 (meeting, self->name) == 0
           && vm_device_get_meeting_id (device) != NULL;
  /* a hidden meeting is asked about only with its PIN
   * (protocol/discovery.md#announce) */
  return *named
         || (g_strcmp0 (meeting, "private") == 0 && self->pin && *self->pin);
}

/* Where its server is by one of its addresses. */
gchar *
vm_meeting_base_uri_at (VmDevice *device, const gchar *address)
{
  g_autofree gchar *authority =
      dup_authority (address, vm_device_get_port (device));

  return g_strconcat (
      vm_device_get_secure (device) ? "https://" : "http://", authority, NULL);
}

/* The address that answered last comes first; one that does not lead there any
 * more is followed by the next. */
static void
consider (VmMeeting *self, VmDevice *device)
{
  const gchar *id = vm_device_get_meeting_id (device);
  const gchar *const *addresses = vm_device_get_addresses (device);
  g_autofree gchar *who = g_strdup_printf ("%s %u %s",
      vm_device_get_id (device), vm_device_get_port (device), id ? id : "");
  VmMeetingEndpoint endpoint = {
    .key_hash = (gchar *) vm_device_get_key_hash (device), .device = who
  };

  if (!hosts_it (self, device, &endpoint.named)
      || g_hash_table_contains (self->tried, who))
    return;
  for (guint i = 0; addresses[i]; i++) {
    g_autofree gchar *uri = vm_meeting_base_uri_at (device, addresses[i]);
    g_autofree gchar *key = g_strdup_printf ("%s %s", uri, id ? id : "");

    if (g_hash_table_contains (self->tried, key))
      continue;
    if (self->seat
        && (!endpoint.named || !yields_to (self, device)
            || !may_follow (self, device)))
      return;
    if (self->seat)
      yield (self);
    endpoint.key = key;
    add_endpoint (self, g_steal_pointer (&uri), &endpoint);
    g_hash_table_add (self->tried, g_steal_pointer (&key));
  }
}

static void
look (VmMeeting *self)
{
  GList *devices;

  if (!self->browsing || self->stopped)
    return;
  /* once a guest there is nothing else to look for */
  if (self->welcomed) {
    vm_meeting_join_halves (self);
    if (self->stopped || self->returning)
      return;
  }
  if (self->welcomed && !self->seat) {
    vm_meeting_follow_host (self);
    return;
  }
  if (self->welcomed && (self->mode == VM_MEETING_MODE_HOST || self->took_over))
    return;
  devices = vm_node_list_devices (self->node);
  for (GList *l = devices; l; l = l->next)
    consider (self, l->data);
  g_list_free_full (devices, g_object_unref);
  if (!g_queue_is_empty (&self->endpoints))
    vm_meeting_try_next (self);
}

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
weak_ref_free_closure (gpointer data, GClosure *closure)
{
  weak_ref_free (data);
}

/* Never through g_main_context_invoke(): that runs here and now when the
 * meeting's thread happens not to run its context. */
static gboolean
look_here (gpointer data)
{
  g_autoptr (VmMeeting) self = g_weak_ref_get (data);

  if (self)
    look (self);
  return G_SOURCE_REMOVE;
}

void
vm_meeting_look_soon (VmMeeting *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  GWeakRef *weak = g_new (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, look_here, weak, weak_ref_free);
  g_source_attach (source, self->context);
}

/* On the node's thread. */
static void
on_device (VmNode *node, VmDevice *device, GWeakRef *weak)
{
  g_autoptr (VmMeeting) self = g_weak_ref_get (weak);

  if (self)
    vm_meeting_look_soon (self);
}

void
vm_meeting_watch_devices (VmMeeting *self)
{
  const gchar *names[] = { "device-added", "device-changed" };

  self->browsing = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    GWeakRef *weak = g_new (GWeakRef, 1);

    g_weak_ref_init (weak, self);
    self->node_handlers[i] = g_signal_connect_data (self->node, names[i],
        G_CALLBACK (on_device), weak, weak_ref_free_closure, 0);
  }
  look (self);
}

void
vm_meeting_ignore_devices (VmMeeting *self)
{
  self->browsing = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (self->node_handlers); i++)
    g_clear_signal_handler (&self->node_handlers[i], self->node);
}
