/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/http/approvalpage.h"
#include "room/pinguard.h"
#include "base/base64.h"
#include "trust/keys/transcript.h"
#include "base/json/json.h"

#include <openssl/crypto.h>
#include <string.h>

#define PURPOSE "approval" /* no meeting's id: those are UUIDs */

struct _VmApprovalPage
{
  VmInvitationRandom random;
  gpointer user_data;
  VmInvitations *secrets; /* one at most */
  VmPinGuard *guard;
  gboolean open;
  guint8 session[VM_SHA256_SIZE]; /* its hash */

  gchar *request_id; /* of the question, or NULL */
  gchar *device_id;
  gchar *name;
  gchar *digits;
};

VmApprovalPage *
vm_approval_page_new (VmInvitationRandom random, gpointer user_data)
{
  VmApprovalPage *self = g_new0 (VmApprovalPage, 1);

  self->random = random;
  self->user_data = user_data;
  self->secrets = vm_invitations_new (random, user_data);
  self->guard = vm_pin_guard_new ();
  return self;
}

static void
forget_question (VmApprovalPage *self)
{
  g_clear_pointer (&self->request_id, g_free);
  g_clear_pointer (&self->device_id, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->digits, g_free);
}

void
vm_approval_page_free (VmApprovalPage *self)
{
  forget_question (self);
  vm_invitations_free (self->secrets);
  vm_pin_guard_free (self->guard);
  g_free (self);
}

gchar *
vm_approval_page_make_secret (VmApprovalPage *self, gint64 now)
{
  vm_invitations_withdraw (self->secrets, PURPOSE);
  return vm_invitations_make (
      self->secrets, PURPOSE, VM_APPROVAL_SECRET_TIME, now, NULL);
}

gchar *
vm_approval_page_open (VmApprovalPage *self, const gchar *secret,
    const gchar *group, gint64 now, GError **error)
{
  guint8 bytes[VM_APPROVAL_SESSION_BYTES];
  gchar *session;

  if (!vm_pin_guard_allows (self->guard, group, now, error))
    return NULL;
  if (!vm_invitations_redeem (self->secrets, secret, PURPOSE, now, NULL)) {
    vm_pin_guard_wrong (self->guard, group, now);
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "This link is not good: each opens one page, once, and only for a "
        "while");
    return NULL;
  }
  vm_pin_guard_right (self->guard, group);
  self->random (bytes, sizeof bytes, self->user_data);
  session = vm_base64url_write (bytes, sizeof bytes);
  vm_sha256 (session, strlen (session), self->session);
  self->open = TRUE;
  OPENSSL_cleanse (bytes, sizeof bytes);
  return session;
}

gboolean
vm_approval_page_check (
    VmApprovalPage *self, const gchar *session, GError **error)
{
  guint8 hash[VM_SHA256_SIZE];

  vm_sha256 (session, strlen (session), hash);
  if (self->open && CRYPTO_memcmp (hash, self->session, sizeof hash) == 0)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "This page is not the one that answers for this device");
  return FALSE;
}

void
vm_approval_page_ask (VmApprovalPage *self, const gchar *request_id,
    const gchar *device_id, const gchar *name, const gchar *digits)
{
  forget_question (self);
  self->request_id = g_strdup (request_id);
  self->device_id = g_strdup (device_id);
  self->name = g_strdup (name);
  self->digits = g_strdup (digits);
}

void
vm_approval_page_withdraw (VmApprovalPage *self, const gchar *request_id)
{
  if (g_strcmp0 (self->request_id, request_id) == 0)
    forget_question (self);
}

GBytes *
vm_approval_page_describe (const VmApprovalPage *self)
{
  GString *out = g_string_new ("{");

  if (!self->request_id) {
    vm_json_append_null (out, "question");
  } else {
    vm_json_append_key (out, "question");
    g_string_append_c (out, '{');
    vm_json_append_member (out, "requestId", self->request_id);
    vm_json_append_member (out, "deviceId", self->device_id);
    vm_json_append_member (out, "name", self->name);
    vm_json_append_member (out, "digits", self->digits);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

gboolean
vm_approval_page_answer (
    VmApprovalPage *self, const gchar *request_id, GError **error)
{
  if (!self->request_id || strcmp (self->request_id, request_id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "No such request for trust waits for an answer");
    return FALSE;
  }
  forget_question (self);
  return TRUE;
}
