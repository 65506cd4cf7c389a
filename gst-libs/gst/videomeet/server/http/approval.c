/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* POST /trust/page and what is below it
 * (protocol/trust.md#approval-in-the-page): to browsers on this machine
 * alone. */

#include "server/http/approval.h"
#include "base/json/json.h"
#include "server/http/approvalbody.h"
#include "server/http/response.h"
#include "server/pairing/pairingservice.h"
#include "server/server-priv.h"

#include <string.h>

#define PATH "/trust/page"

static gboolean
is_complete (gboolean there, const gchar *key, GError **error)
{
  if (there)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST, "It needs \"%s\"", key);
  return FALSE;
}

static GBytes *
open_page (VmConn *conn, const VmApprovalBody *body, GError **error)
{
  g_autofree gchar *session = NULL;
  GString *out;

  if (!is_complete (body->secret != NULL, "secret", error))
    return NULL;
  session = vm_approval_page_open (conn->server->approval, body->secret,
      conn->group, g_get_monotonic_time (), error);
  if (!session)
    return NULL;
  out = g_string_new ("{");
  vm_json_append_member (out, "session", session);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

static gboolean
check_session (VmConn *conn, const VmApprovalBody *body, GError **error)
{
  return is_complete (body->session != NULL, "session", error)
         && vm_approval_page_check (
             conn->server->approval, body->session, error);
}

static GBytes *
tell_question (VmConn *conn, const VmApprovalBody *body, GError **error)
{
  return check_session (conn, body, error)
             ? vm_approval_page_describe (conn->server->approval)
             : NULL;
}

static GBytes *
take_answer (VmConn *conn, const VmApprovalBody *body, GError **error)
{
  VmServer *self = conn->server;

  if (!check_session (conn, body, error)
      || !is_complete (body->request_id != NULL, "requestId", error)
      || !is_complete (body->has_approve, "approve", error)
      || !vm_approval_page_answer (self->approval, body->request_id, error))
    return NULL;
  vm_pairing_service_answer (self->pairing, body->request_id, body->approve);
  return vm_approval_page_describe (self->approval);
}

static const struct
{
  const gchar *path;
  GBytes *(*answer) (VmConn *conn, const VmApprovalBody *body, GError **error);
} requests[] = {
  { PATH, open_page },
  { PATH "/question", tell_question },
  { PATH "/answer", take_answer },
};

gboolean
vm_http_is_own_page (VmConn *conn, GError **error)
{
  /* nor a page of another origin that may join meetings here */
  if (conn->loopback && !conn->request->origin)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "Only the page of this device, in a browser on this machine, may answer "
      "for it");
  return FALSE;
}

static GBytes *
answer (VmConn *conn, GError **error)
{
  g_auto (VmApprovalBody) body = { NULL };

  if (!vm_http_is_own_page (conn, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (requests) && conn->server->pairing; i++) {
    if (strcmp (conn->request->path, requests[i].path) != 0)
      continue;
    return vm_approval_body_read (&body,
               (const gchar *) conn->request->body->data,
               conn->request->body->len, error)
               ? requests[i].answer (conn, &body, error)
               : NULL;
  }
  g_set_error (
      error, VM_ERROR, VM_ERROR_NOT_FOUND, "There is nothing at this address");
  return NULL;
}

int
vm_http_post_approval (VmConn *conn)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = answer (conn, &error);

  return body ? vm_http_reply_json (conn, 200, body)
              : vm_http_reply_error (conn, 0, error, FALSE);
}

/* From the pairing service */

typedef struct
{
  gchar *request_id, *device_id, *name;
  gchar *digits; /* NULL: that request is over */
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_free (question->request_id);
  g_free (question->device_id);
  g_free (question->name);
  g_free (question->digits);
  g_free (question);
}

static void
take_question (VmServer *self, gpointer data)
{
  const Question *question = data;

  if (question->digits)
    vm_approval_page_ask (self->approval, question->request_id,
        question->device_id, question->name, question->digits);
  else
    vm_approval_page_withdraw (self->approval, question->request_id);
}

void
vm_server_take_question (VmServer *self, const gchar *request_id,
    const gchar *device_id, const gchar *name, const gchar *digits)
{
  Question *question = g_new (Question, 1);

  *question = (Question){ g_strdup (request_id), g_strdup (device_id),
    g_strdup (name), g_strdup (digits) };
  vm_server_post (self, take_question, question, question_free);
}

/* From the launcher */

static gchar *
make_secret (VmServer *self, gpointer data, GError **error)
{
  return vm_approval_page_make_secret (self->approval, g_get_monotonic_time ());
}

gchar *
vm_server_make_approval_secret (VmServer *self, GError **error)
{
  return vm_server_make_text (self, make_secret, NULL, NULL, error);
}
