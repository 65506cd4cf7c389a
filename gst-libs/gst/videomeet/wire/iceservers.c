/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/iceservers.h"

gboolean
vm_ice_servers_check (const gchar *const *uris, GError **error)
{
  for (guint i = 0; uris && uris[i]; i++) {
    g_auto (VmIceServer) server = { NULL };

    if (i == VM_ICE_SERVERS_MAX) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
          "There are more than %d STUN and TURN servers", VM_ICE_SERVERS_MAX);
      return FALSE;
    }
    if (vm_ice_server_from_uri (&server, uris[i]))
      continue;
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Of the STUN and TURN servers, number %u is neither "
        "stun://HOST:PORT nor turn://USER:PASSWORD@HOST:PORT",
        i + 1);
    return FALSE;
  }
  return TRUE;
}

void
vm_ice_servers_append (GString *out, const gchar *const *uris)
{
  guint n = 0;

  vm_json_append_key (out, "iceServers");
  g_string_append_c (out, '[');
  for (guint i = 0; uris && uris[i] && n < VM_ICE_SERVERS_MAX; i++) {
    g_auto (VmIceServer) server = { NULL };
    g_autofree gchar *url = NULL;
    const gchar *urls[2] = { NULL };

    if (!vm_ice_server_from_uri (&server, uris[i]))
      continue;
    urls[0] = url = vm_ice_server_to_url (&server);
    g_string_append (out, n++ ? ",{" : "{");
    vm_json_append_strings (out, "urls", urls);
    if (server.user) {
      vm_json_append_member (out, "username", server.user);
      vm_json_append_member (out, "credential", server.password);
    }
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

/* One URL of an RTCIceServer, whose credentials are for all of them. */
static gchar *
read_url (const VmJson *json, VmJsonNode node, const gchar *user,
    const gchar *password)
{
  g_auto (VmIceServer) server = { NULL };
  VmSpan span = vm_json_span (json, node);
  g_autofree gchar *url = vm_span_to_string (span);

  if (!url || !vm_ice_server_from_url (&server, url, user, password))
    return NULL;
  return vm_ice_server_to_uri (&server);
}

typedef struct
{
  GPtrArray *uris;
  guint ignored;
} Reading;

static void
take_url (Reading *reading, gchar *uri)
{
  if (uri && reading->uris->len < VM_ICE_SERVERS_MAX) {
    g_ptr_array_add (reading->uris, uri);
  } else {
    reading->ignored++;
    g_free (uri);
  }
}

static void
read_entry (Reading *reading, const VmJson *json, VmJsonNode entry)
{
  VmJsonNode urls = vm_json_get (json, entry, "urls");
  g_autofree gchar *user = NULL;
  g_autofree gchar *password = NULL;

  if (urls == VM_JSON_NONE
      || !vm_json_get_string (
          json, entry, "username", VM_ICE_CREDENTIAL_MAX, &user, NULL)
      || !vm_json_get_string (
          json, entry, "credential", VM_ICE_CREDENTIAL_MAX, &password, NULL)) {
    reading->ignored++;
    return;
  }
  if (vm_json_type (json, urls) != VM_JSON_ARRAY) {
    take_url (reading, read_url (json, urls, user, password));
    return;
  }
  for (VmJsonNode e = vm_json_first (json, urls); e != VM_JSON_NONE;
       e = vm_json_next (json, e))
    take_url (reading, read_url (json, e, user, password));
}

gchar **
vm_ice_servers_read (const VmJson *json, VmJsonNode object, guint *ignored)
{
  VmJsonNode list = vm_json_get (json, object, "iceServers");
  Reading reading = { g_ptr_array_new (), 0 };

  if (list != VM_JSON_NONE && vm_json_type (json, list) == VM_JSON_ARRAY) {
    for (VmJsonNode e = vm_json_first (json, list); e != VM_JSON_NONE;
         e = vm_json_next (json, e))
      read_entry (&reading, json, e);
  } else if (list != VM_JSON_NONE
             && vm_json_type (json, list) != VM_JSON_NULL) {
    reading.ignored++;
  }
  g_ptr_array_add (reading.uris, NULL);
  *ignored = reading.ignored;
  return (gchar **) g_ptr_array_free (reading.uris, FALSE);
}

void
vm_ice_grant_clear (VmIceGrant *grant)
{
  g_clear_pointer (&grant->uris, g_strfreev);
}

void
vm_ice_grant_append (GString *out, const VmIceGrant *grant)
{
  vm_ice_servers_append (out, (const gchar *const *) grant->uris);
  if (grant->relay_only)
    vm_json_append_member (out, "iceTransportPolicy", VM_ICE_POLICY_RELAY);
  if (grant->expires_in)
    vm_json_append_int (out, "iceExpiresIn", grant->expires_in);
}

void
vm_ice_grant_read (
    VmIceGrant *grant, const VmJson *json, VmJsonNode object, guint *ignored)
{
  g_autofree gchar *policy = NULL;
  gint64 expires_in = 0;

  vm_ice_grant_clear (grant);
  grant->uris = vm_ice_servers_read (json, object, ignored);
  grant->relay_only = vm_json_get_string (json, object, "iceTransportPolicy",
                          sizeof VM_ICE_POLICY_RELAY, &policy, NULL)
                      && g_strcmp0 (policy, VM_ICE_POLICY_RELAY) == 0;
  grant->expires_in =
      vm_json_get_int (json, object, "iceExpiresIn", VM_ICE_EXPIRES_MIN,
          VM_ICE_EXPIRES_MAX, &expires_in, NULL)
          ? (guint) expires_in
          : 0;
}

void
vm_ice_grant_copy (VmIceGrant *to, const VmIceGrant *from)
{
  vm_ice_grant_clear (to);
  *to = *from;
  to->uris = g_strdupv (from->uris);
}

gchar **
vm_ice_servers_merge (const gchar *const *own, const gchar *const *read)
{
  GPtrArray *uris = g_ptr_array_new ();

  for (guint i = 0; own && own[i]; i++) {
    g_auto (VmIceServer) server = { NULL };

    /* whoever uses it will say what is wrong with it */
    g_ptr_array_add (uris, vm_ice_server_from_uri (&server, own[i])
                               ? vm_ice_server_to_uri (&server)
                               : g_strdup (own[i]));
  }
  for (guint i = 0; read && read[i]; i++) {
    if (!g_ptr_array_find_with_equal_func (uris, read[i], g_str_equal, NULL))
      g_ptr_array_add (uris, g_strdup (read[i]));
  }
  g_ptr_array_add (uris, NULL);
  return (gchar **) g_ptr_array_free (uris, FALSE);
}
