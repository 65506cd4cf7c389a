/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The four requests at /trust/ (protocol/trust.md#pairing), which the pairing
 * service answers on its own thread while the connection waits, and what the
 * pairing service knows of the store. */

#include "server/http/trust.h"
#include "base/deviceid.h"
#include "server/access/clientkey.h"
#include "server/http/response.h"
#include "server/pairing/pairingservice.h"
#include "server/server-priv.h"
#include "trust/pairing/trustbody.h"
#include "trust/store/trustsnapshot.h"

#include <string.h>

#define POLL_PATH "/trust/request/"

static const struct
{
  const gchar *path;
  VmTrustAskKind kind;
} posts[] = {
  { "/trust/request", VM_TRUST_ASK_REQUEST },
  { "/trust/reveal", VM_TRUST_ASK_REVEAL },
  { "/trust/proof", VM_TRUST_ASK_PROOF },
};

/* Which of the four @conn asks, and with what; NULL: none of them. */
static GBytes *
read_ask (VmConn *conn, VmTrustAskKind *kind)
{
  if (!conn->request->body) {
    const gchar *id;

    if (conn->request->head_only
        || !g_str_has_prefix (conn->request->path, POLL_PATH))
      return NULL;
    id = conn->request->path + strlen (POLL_PATH);
    *kind = VM_TRUST_ASK_POLL;
    return g_bytes_new (id, strlen (id));
  }
  for (guint i = 0; i < G_N_ELEMENTS (posts); i++) {
    if (strcmp (conn->request->path, posts[i].path) == 0) {
      *kind = posts[i].kind;
      return g_byte_array_free_to_bytes (
          g_steal_pointer (&conn->request->body));
    }
  }
  return NULL;
}

/* The handshake binds a key to both ends of one TLS connection. */
static GTlsCertificate *
get_certificate (VmConn *conn, GError **error)
{
  GTlsCertificate *certificate = NULL;

  if (!conn->server->secure)
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Trust is agreed on over TLS only, and this server speaks plain HTTP");
  else if (!(certificate = vm_conn_get_certificate (conn)))
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "Trust needs the device's key: the request showed no certificate");
  return certificate;
}

/* What is longer than any is not kept for the pairing service to refuse. */
static gboolean
check_size (GBytes *data, GError **error)
{
  if (g_bytes_get_size (data) <= VM_TRUST_BODY_MAX)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The request is larger than %d KiB", VM_TRUST_BODY_MAX / 1024);
  return FALSE;
}

static void
forget (VmConn *conn)
{
  g_hash_table_remove (conn->server->askers, &conn->request->number);
  vm_pairing_service_forget (conn->server->pairing, conn->request->number);
}

static void
wait_for_answer (VmConn *conn)
{
  static const VmHttpWait wait = { .forget = forget, .yields = TRUE };

  conn->request->number = ++conn->server->serials;
  g_hash_table_insert (conn->server->askers, &conn->request->number, conn);
  vm_http_wait (conn, &wait);
}

int
vm_http_ask_trust (VmConn *conn)
{
  VmServer *self = conn->server;
  VmPairingService *pairing = self->pairing;
  VmTrustAskKind kind;
  g_autoptr (GBytes) data = pairing ? read_ask (conn, &kind) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (!data)
    g_set_error (&error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "There is nothing at this address");
  else if (check_size (data, &error))
    certificate = get_certificate (conn, &error);
  if (certificate
      && !vm_pairing_service_ask (
          pairing, self->serials + 1, kind, certificate, conn->group, data))
    g_set_error (&error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many requests for trust wait here; try again in a minute");
  if (error)
    return vm_http_reply_error (conn, 0, error, FALSE);
  wait_for_answer (conn);
  return 0;
}

/* From the pairing service */

typedef struct
{
  guint64 serial;
  guint status;
  GBytes *body;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_bytes_unref (answer->body);
  g_free (answer);
}

static void
take_answer (VmServer *self, gpointer data)
{
  Answer *answer = data;
  VmConn *conn = g_hash_table_lookup (self->askers, &answer->serial);

  if (!conn)
    return;
  g_hash_table_remove (self->askers, &conn->request->number);
  vm_http_answer (conn, answer->status, NULL, answer->body);
}

void
vm_server_answer_trust (
    VmServer *self, guint64 serial, guint status, const gchar *body)
{
  Answer *answer = g_new (Answer, 1);

  answer->serial = serial;
  answer->status = status;
  answer->body = g_bytes_new (body, strlen (body));
  vm_server_post (self, take_answer, answer, answer_free);
}

typedef struct
{
  GPtrArray *facts;
  gboolean damaged;
  guint64 written;
} Knowledge;

static void
knowledge_free (gpointer data)
{
  Knowledge *knowledge = data;

  g_ptr_array_unref (knowledge->facts);
  g_free (knowledge);
}

/* Whoever would not be let in any more is out. */
static void
check_all (VmServer *self)
{
  for (guint i = 0; self->protocols[i]; i++) {
    if (self->protocols[i]->check)
      self->protocols[i]->check (self, self->states[i]);
  }
}

static void
take_known (VmServer *self, gpointer data)
{
  Knowledge *knowledge = data;

  vm_trust_snapshot_take (
      self->known, knowledge->facts, knowledge->damaged, knowledge->written);
  vm_rooms_check (self->rooms);
  check_all (self);
}

void
vm_server_take_known (
    VmServer *self, GPtrArray *facts, gboolean damaged, guint64 written)
{
  Knowledge *knowledge = g_new (Knowledge, 1);

  *knowledge = (Knowledge){ facts, damaged, written };
  vm_server_post (self, take_known, knowledge, knowledge_free);
}

/* At once, so that nobody else has the names meanwhile; the pairing service
 * writes it. */
void
vm_server_remember (VmServer *self, const gchar *user, const gchar *device,
    GTlsCertificate *certificate)
{
  g_autofree gchar *hash = vm_key_hash_from_certificate (certificate);
  g_autofree gchar *id = hash ? vm_device_id_from_key_hash (hash) : NULL;
  g_autoptr (VmTrustFacts) facts = NULL;
  guint64 number;

  if (!self->pairing || !id
      || vm_trust_snapshot_count (self->known) >= VM_GUESTS_KNOWN_MAX)
    return;
  facts = vm_trust_snapshot_get (self->known, id, NULL, NULL);
  if (facts->first_seen)
    return;
  g_free (facts->user);
  facts->user = g_strdup (user);
  g_free (facts->device);
  facts->device = g_strdup (device);
  facts->first_seen = g_date_time_new_now_utc ();
  number = vm_pairing_service_remember_guest (
      self->pairing, user, device, certificate);
  vm_trust_snapshot_add_guest (self->known, facts, number);
}

/* From whoever has the server */

void
vm_server_set_pairing_service (VmServer *self, VmPairingService *pairing)
{
  g_return_if_fail (!self->pairing && !self->thread);

  self->pairing = vm_pairing_service_ref (pairing);
}

static void
take_policy (VmServer *self, gpointer policy)
{
  self->policy = GPOINTER_TO_INT (policy);
  vm_rooms_set_policy (self->rooms, self->policy);
  check_all (self);
}

static void
set (VmServer *self, void (*take) (VmServer *self, gpointer value), gint value)
{
  if (!self->thread)
    take (self, GINT_TO_POINTER (value));
  else
    vm_server_post (self, take, GINT_TO_POINTER (value), NULL);
}

void
vm_server_set_policy (VmServer *self, VmPolicy policy)
{
  set (self, take_policy, policy);
}

static void
take_cloud_trust (VmServer *self, gpointer cloud_trust)
{
  vm_rooms_set_cloud_trust (self->rooms, GPOINTER_TO_INT (cloud_trust));
}

void
vm_server_set_cloud_trust (VmServer *self, VmCloudTrust cloud_trust)
{
  set (self, take_cloud_trust, cloud_trust);
}
