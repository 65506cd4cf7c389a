/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/serverkey.h"

#include "trust/store/decision.h"
#include "trust/store/trustsnapshot.h"
#include "trust/store/vmtruststore-priv.h"
#include "trust/token/token.h"

#include <libsoup/soup.h>
#include <string.h>

#define ERROR_KEY "vm-server-key-error"

struct _VmServerKey
{
  VmIdentity *identity;
  VmTrustStore *store;
  gchar *address; /* "HOST:PORT", as it is remembered */
  gchar *host_id;
  VmPolicy policy;
  gboolean has_pin;

  VmTrustSnapshot *known; /* NULL: nothing was read yet */
  VmKnownDevice *before; /* the server that was at that address, or NULL */
  gchar *taken; /* device id that was taken, or NULL */
  gboolean to_remember;
};

static gchar *
make_address (const gchar *server)
{
  g_autoptr (GUri) uri = g_uri_parse (
      server, SOUP_HTTP_URI_FLAGS | G_URI_FLAGS_PARSE_RELAXED, NULL);
  g_autofree gchar *host =
      uri ? g_ascii_strdown (g_uri_get_host (uri), -1) : NULL;

  if (!host)
    return g_strdup (server);
  return g_strdup_printf (
      strchr (host, ':') ? "[%s]:%d" : "%s:%d", host, g_uri_get_port (uri));
}

VmServerKey *
vm_server_key_new (const VmServerKeyConfig *config)
{
  VmServerKey *self = g_atomic_rc_box_new0 (VmServerKey);

  self->identity = g_object_ref (config->identity);
  self->store = g_object_ref (config->store);
  self->address = make_address (config->server);
  self->host_id = g_strdup (config->host_id);
  self->policy = config->policy;
  self->has_pin = config->has_pin;
  return self;
}

VmServerKey *
vm_server_key_ref (VmServerKey *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  VmServerKey *self = data;

  g_object_unref (self->identity);
  g_object_unref (self->store);
  g_free (self->address);
  g_free (self->host_id);
  g_clear_pointer (&self->known, vm_trust_snapshot_free);
  g_clear_pointer (&self->before, vm_known_device_free);
  g_free (self->taken);
}

void
vm_server_key_unref (VmServerKey *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

/* What is known */

typedef struct
{
  VmTrustStore *store;
  gchar *address;
  gchar *device_id; /* to be remembered */

  GPtrArray *facts;
  gboolean damaged;
  VmKnownDevice *before;
} Work;

static void
work_free (Work *work)
{
  g_object_unref (work->store);
  g_free (work->address);
  g_free (work->device_id);
  g_clear_pointer (&work->facts, g_ptr_array_unref);
  g_clear_pointer (&work->before, vm_known_device_free);
  g_free (work);
}

static void
begin (VmServerKey *self, const gchar *device_id, GTaskThreadFunc func,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Work *work = g_new0 (Work, 1);

  work->store = g_object_ref (self->store);
  work->address = g_strdup (self->address);
  work->device_id = g_strdup (device_id);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  g_task_run_in_thread (task, func);
}

static void
load (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) nobody = NULL;
  Work *work = data;
  GError *error = NULL;

  nobody = vm_trust_store_know (work->store, NULL, NULL, NULL, now);
  work->damaged = nobody->damaged;
  work->facts = vm_trust_store_know_all (work->store, now);
  if (vm_trust_store_know_server (
          work->store, work->address, &work->before, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
vm_server_key_load_async (
    VmServerKey *self, GAsyncReadyCallback callback, gpointer user_data)
{
  begin (self, NULL, load, callback, user_data);
}

gboolean
vm_server_key_load_finish (
    VmServerKey *self, GAsyncResult *result, GError **error)
{
  Work *work = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  g_clear_pointer (&self->known, vm_trust_snapshot_free);
  g_clear_pointer (&self->before, vm_known_device_free);
  g_clear_pointer (&self->taken, g_free);
  self->known = vm_trust_snapshot_new (self->identity);
  vm_trust_snapshot_take (self->known, work->facts, work->damaged, 0);
  self->before = g_steal_pointer (&work->before);
  self->to_remember = FALSE;
  return TRUE;
}

static void
remember (
    GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  Work *work = data;
  GError *error = NULL;

  if (!work->device_id
      || vm_trust_store_pin_server (
          work->store, work->address, work->device_id, now, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
vm_server_key_remember_async (
    VmServerKey *self, GAsyncReadyCallback callback, gpointer user_data)
{
  begin (self, self->to_remember ? self->taken : NULL, remember, callback,
      user_data);
}

gboolean
vm_server_key_remember_finish (
    VmServerKey *self, GAsyncResult *result, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  self->to_remember = FALSE;
  return TRUE;
}

/* The judgement */

/* A device makes such a certificate for itself, of a key on P-256. */
static gchar *
id_of_own_certificate (GTlsCertificate *certificate)
{
  g_autofree gchar *subject = NULL, *issuer = NULL;
  g_autoptr (GBytes) spki = NULL;

  g_object_get (
      certificate, "subject-name", &subject, "issuer-name", &issuer, NULL);
  if (g_strcmp0 (subject, issuer) != 0)
    return NULL;
  spki = vm_spki_from_certificate (certificate, NULL);
  return spki ? vm_spki_to_device_id (spki) : NULL;
}

static gboolean
is_known (VmServerKey *self, const gchar *id, const VmTrustFacts *facts)
{
  return facts->own || facts->first_seen || g_strcmp0 (id, self->host_id) == 0
         || (self->before && strcmp (self->before->device_id, id) == 0);
}

static gboolean
refuse_unknown (VmServerKey *self, const gchar *id, GError **error)
{
  if (self->has_pin)
    g_set_error (error, VM_ERROR, VM_ERROR_HOST_UNKNOWN,
        "The PIN was not sent: this device has never met the server %s. Its id "
        "is %s; if the server shows the same when it starts, say --host-key %s",
        self->address, id, id);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The server %s is not trusted. Its id is %s; if the server shows the "
        "same when it starts, say --host-key %s",
        self->address, id, id);
  return FALSE;
}

static gboolean
judge (VmServerKey *self, const gchar *id, GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (VmTrustFacts) facts =
      vm_trust_snapshot_get (self->known, id, NULL, NULL);

  if (!vm_trust_decide (
          self->policy, facts, VM_PERMISSIONS_NONE, now, NULL, error)) {
    g_prefix_error (
        error, "This device does not go to the server %s: ", self->address);
    return FALSE;
  }
  if (self->before && self->policy != VM_POLICY_OPEN
      && strcmp (self->before->device_id, id) != 0)
    return vm_trust_store_refuse_server (self->before, id, error);
  if (self->host_id && strcmp (self->host_id, id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The server %s has the id %s, and not %s, as it was said to have",
        self->address, id, self->host_id);
    return FALSE;
  }
  if ((self->has_pin || self->policy == VM_POLICY_REQUIRE)
      && !is_known (self, id, facts))
    return refuse_unknown (self, id, error);
  self->to_remember = !self->before && self->policy != VM_POLICY_OPEN;
  return TRUE;
}

gboolean
vm_server_key_judge (
    VmServerKey *self, GTlsCertificate *certificate, GError **error)
{
  g_autofree gchar *id = id_of_own_certificate (certificate);

  if (!id || !self->known) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Nobody whom this system trusts vouches for the certificate of the "
        "server %s, and it is none that a videomeet server makes for itself",
        self->address);
    return FALSE;
  }
  if (self->taken) {
    if (strcmp (self->taken, id) == 0)
      return TRUE;
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The server %s shows another key than just before", self->address);
    return FALSE;
  }
  if (!judge (self, id, error))
    return FALSE;
  self->taken = g_steal_pointer (&id);
  return TRUE;
}

/* Messages */

static gboolean
check (VmServerKey *self, SoupMessage *message, GTlsCertificate *certificate)
{
  GError *error = NULL;

  if (vm_server_key_judge (self, certificate, &error))
    return TRUE;
  g_object_set_data_full (
      G_OBJECT (message), ERROR_KEY, error, (GDestroyNotify) g_error_free);
  return FALSE;
}

static gboolean
on_accept_certificate (SoupMessage *message, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, VmServerKey *self)
{
  return check (self, message, certificate);
}

static void
free_closure_data (gpointer data, GClosure *closure)
{
  vm_server_key_unref (data);
}

void
vm_server_key_watch (VmServerKey *self, SoupMessage *message)
{
  g_signal_connect_data (message, "accept-certificate",
      G_CALLBACK (on_accept_certificate), vm_server_key_ref (self),
      free_closure_data, 0);
}

gboolean
vm_server_key_check (VmServerKey *self, SoupMessage *message)
{
  GTlsCertificate *certificate =
      soup_message_get_tls_peer_certificate (message);

  return certificate
         && (!soup_message_get_tls_peer_certificate_errors (message)
             || check (self, message, certificate));
}

GError *
vm_server_key_take_error (SoupMessage *message)
{
  const GError *error = g_object_get_data (G_OBJECT (message), ERROR_KEY);

  return error ? g_error_copy (error) : NULL;
}
