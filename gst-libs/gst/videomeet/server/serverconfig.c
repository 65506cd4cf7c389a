/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a server is told before it starts: checked, and kept for vm-net. */

#include "server/serverconfig.h"
#include "base/hostcheck.h"
#include "server/access/proxies.h"
#include "server/server-priv.h"
#include "server/servercluster.h"
#include "server/serverstate.h"
#include "server/socket/unjoined.h"
#include "wire/iceservers.h"
#include "wire/turncredential.h"

#include <sys/resource.h>

static gboolean
read_origins (VmServer *self, const gchar *const *texts, GError **error)
{
  g_autoptr (GStrvBuilder) origins = g_strv_builder_new ();

  for (guint i = 0; texts && texts[i]; i++) {
    g_autofree gchar *origin = vm_origin_from_text (texts[i]);

    if (!origin) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
          "“%s” is no origin of a page, as https://example.org:8443", texts[i]);
      return FALSE;
    }
    g_strv_builder_add (origins, origin);
  }
  g_strfreev (self->origins);
  self->origins = g_strv_builder_end (origins);
  return TRUE;
}

static gboolean
read_certificate (VmServer *self, const VmServerConfig *config, GError **error)
{
  if (!config->tls_cert || !*config->tls_cert)
    return TRUE;
  self->named = vm_named_cert_load (config->tls_cert, config->tls_key, error);
  return self->named != NULL;
}

static gboolean
read_rooms (VmServer *self, const VmServerConfig *config, GError **error)
{
  guint size = config->room_size ? config->room_size : VM_ROOM_SIZE;
  const VmOpenRooms open = {
    .size = size,
    .rooms_max = VM_OPEN_ROOMS_MAX,
    .per_address = self->max_per_address,
    .tickets_max = VM_OPEN_TICKETS_MAX,
    .unmoderated = config->unmoderated,
  };

  if (size < 2 || size > VM_SIGNAL_ROSTER_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A room has 2 to %d seats, not %u", VM_SIGNAL_ROSTER_MAX, size);
    return FALSE;
  }
  vm_rooms_set_open (self->rooms, config->open_rooms ? &open : NULL);
  return TRUE;
}

static gboolean
has_turn (const gchar *const *uris)
{
  for (guint i = 0; uris && uris[i]; i++) {
    if (g_str_has_prefix (uris[i], "turn"))
      return TRUE;
  }
  return FALSE;
}

static gboolean
read_ice_terms (VmServer *self, const VmServerConfig *config, GError **error)
{
  guint lifetime =
      config->turn_lifetime ? config->turn_lifetime : VM_TURN_LIFETIME;

  if (lifetime < VM_TURN_LIFETIME_MIN || lifetime > VM_TURN_LIFETIME_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A TURN credential is good for %d to %d seconds, not %u",
        VM_TURN_LIFETIME_MIN, VM_TURN_LIFETIME_MAX, lifetime);
    return FALSE;
  }
  if (config->relay_only && !has_turn (config->ice_servers)
      && !has_turn (config->turn_servers)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Nobody is reached by a relay alone without a TURN server");
    return FALSE;
  }
  self->turn_lifetime = lifetime;
  self->relay_only = config->relay_only;
  return TRUE;
}

static gboolean
read_ice_servers (VmServer *self, const VmServerConfig *config, GError **error)
{
  if (!vm_ice_servers_check (config->ice_servers, error))
    return FALSE;
  for (guint i = 0; config->turn_servers && config->turn_servers[i]; i++) {
    const gchar *uri = config->turn_servers[i];
    g_autofree gchar *whole =
        vm_turn_credential_add (uri, config->turn_secret, 0, "");

    if (whole)
      continue;
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "“%s” is no TURN server for a secret, as turn://HOST:PORT", uri);
    return FALSE;
  }
  if (!read_ice_terms (self, config, error))
    return FALSE;
  self->ice_servers = g_strdupv ((gchar **) config->ice_servers);
  self->turn_servers = g_strdupv ((gchar **) config->turn_servers);
  self->turn_secret = g_strdup (config->turn_secret);
  return TRUE;
}

static gboolean
read_state (VmServer *self, const VmServerConfig *config, GError **error)
{
  self->state_file = g_strdup (config->state_file);
  return !self->state_file || vm_server_check_state (self->state_file, error);
}

static gboolean
read_notify (VmServer *self, const VmServerConfig *config, GError **error)
{
  if (!config->notify_url)
    return TRUE;
  self->notify = vm_notify_new (config->notify_url,
      config->notify_key ? config->notify_key : "", NULL, error);
  return self->notify != NULL;
}

static gboolean
read_auth (VmServer *self, const VmServerConfig *config, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (!config->auth_keys)
    return TRUE;
  self->passes = vm_access_tokens_read (config->auth_keys, &reason);
  if (self->passes)
    vm_access_tokens_set_any_room (self->passes, config->auth_any_room);
  if (reason)
    g_set_error (error, VM_ERROR, reason->code,
        "auth-keys: %s; there may be public keys of P-256 (PEM), for ES256, or "
        "a secret of 32 to 1,024 bytes, for HS256",
        reason->message);
  return self->passes != NULL;
}

static gboolean
check_cluster (const VmServerConfig *config, GError **error)
{
  if (!config->cluster || (config->open_rooms && !config->state_file))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "A cluster keeps the rooms of its servers: none of them has a file for "
      "that");
  return FALSE;
}

void
vm_server_grant_ice (VmServer *self, VmIceGrant *grant)
{
  g_autoptr (GStrvBuilder) uris = g_strv_builder_new ();
  gint64 until = g_get_real_time () / G_USEC_PER_SEC + self->turn_lifetime;
  g_autofree gchar *who = NULL;
  guint64 random;

  for (guint i = 0; self->ice_servers && self->ice_servers[i]; i++)
    g_strv_builder_add (uris, self->ice_servers[i]);
  vm_server_random ((guint8 *) &random, sizeof random, NULL);
  who = g_strdup_printf ("%016" G_GINT64_MODIFIER "x", random);
  for (guint i = 0; self->turn_servers && self->turn_servers[i]; i++) {
    g_autofree gchar *uri = vm_turn_credential_add (
        self->turn_servers[i], self->turn_secret, until, who);

    g_strv_builder_add (uris, uri);
    grant->expires_in = self->turn_lifetime;
  }
  grant->uris = g_strv_builder_end (uris);
  grant->relay_only = self->relay_only;
}

static gboolean
configure_protocols (
    VmServer *self, const VmServerConfig *config, GError **error)
{
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->configure
        && !self->protocols[i]->configure (self->states[i], config, error))
      return FALSE;
  }
  return TRUE;
}

static guint64
count_descriptors (void)
{
  struct rlimit limit;

  return getrlimit (RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

gboolean
vm_server_take_config (
    VmServer *self, const VmServerConfig *config, GError **error)
{
  self->secure = !config->loopback_only && !config->insecure;
  self->is_trustworthy = self->secure || config->loopback_only;
  self->max_per_address = config->max_per_address ? config->max_per_address
                                                  : VM_CONNECTIONS_PER_ADDRESS;
  self->unjoined_max =
      vm_unjoined_max (config->open_rooms, count_descriptors ());
  self->n_unjoined = 0;
  self->names = g_strdupv ((gchar **) config->names);
  self->host_name = g_strdup (g_get_host_name ());
  self->web_root = config->web_root ? realpath (config->web_root, NULL) : NULL;
  self->conns = g_hash_table_new (NULL, NULL);
  self->per_address =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->start)
      self->protocols[i]->start (self->states[i], config);
  }
  self->proxies = vm_proxies_read (config->trusted_proxies, error);
  return self->proxies && read_rooms (self, config, error)
         && read_ice_servers (self, config, error)
         && read_state (self, config, error)
         && read_origins (self, config->origins, error)
         && read_certificate (self, config, error)
         && read_auth (self, config, error) && read_notify (self, config, error)
         && check_cluster (config, error)
         && configure_protocols (self, config, error);
}

void
vm_server_forget_config (VmServer *self)
{
  for (guint i = 0; i < VM_NET_LISTENERS; i++)
    g_clear_object (&self->sockets[i]);
  g_clear_pointer (&self->names, g_strfreev);
  g_clear_pointer (&self->origins, g_strfreev);
  g_clear_pointer (&self->host_name, g_free);
  g_clear_pointer (&self->named, vm_named_cert_free);
  g_clear_pointer (&self->web_root, free);
  g_clear_pointer (&self->proxies, g_ptr_array_unref);
  g_clear_pointer (&self->cluster, vm_server_cluster_free);
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->stop)
      self->protocols[i]->stop (self->states[i]);
  }
  g_clear_pointer (&self->notify, vm_notify_free);
  g_clear_pointer (&self->passes, vm_access_tokens_free);
  g_clear_pointer (&self->ice_servers, g_strfreev);
  g_clear_pointer (&self->turn_servers, g_strfreev);
  g_clear_pointer (&self->turn_secret, g_free);
  g_clear_pointer (&self->state_file, g_free);
  g_clear_pointer (&self->conns, g_hash_table_unref);
  g_clear_pointer (&self->per_address, g_hash_table_unref);
  g_list_free_full (g_steal_pointer (&self->addresses), g_object_unref);
  self->port = 0;
}
