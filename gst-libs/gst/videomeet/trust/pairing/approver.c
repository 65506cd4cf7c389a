/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/pairing/approver-priv.h"
#include "trust/keys/vmidentity-priv.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

static void
request_free (VmApproverRequest *request)
{
  g_free (request->id);
  g_free (request->device_id);
  g_free (request->name);
  g_free (request->address);
  g_bytes_unref (request->spki);
  g_free (request);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmApproverRequest, request_free)

VmApprover *
vm_approver_new (VmIdentity *identity, const gchar *name,
    const VmApproverFuncs *funcs, gpointer user_data)
{
  VmApprover *self = g_new0 (VmApprover, 1);

  self->identity = g_object_ref (identity);
  self->name = g_strdup (name);
  self->funcs = *funcs;
  self->user_data = user_data;
  self->attempts = vm_trust_attempts_new ();
  self->requests =
      g_ptr_array_new_with_free_func ((GDestroyNotify) request_free);
  return self;
}

void
vm_approver_set_name (VmApprover *self, const gchar *name)
{
  g_free (self->name);
  self->name = g_strdup (name);
}

void
vm_approver_free (VmApprover *self)
{
  g_ptr_array_unref (self->requests);
  vm_trust_attempts_free (self->attempts);
  g_object_unref (self->identity);
  g_free (self->name);
  g_free (self);
}

guint
vm_approver_count (VmApprover *self)
{
  return self->requests->len;
}

gboolean
vm_approver_step (VmApproverRequest *request, VmApproverEvent event)
{
  VmApproverState from = request->state;

  if (!vm_approver_state_next (from, event, &request->state))
    return FALSE;
  g_debug ("trust request of %s: %s -> %s", request->device_id,
      vm_approver_state_to_string (from),
      vm_approver_state_to_string (request->state));
  return TRUE;
}

VmTrustPrompt
vm_approver_prompt_of (const VmApproverRequest *request)
{
  return (VmTrustPrompt){ .request_id = request->id,
    .device_id = request->device_id,
    .name = request->name,
    .address = request->address,
    .digits = request->digits,
    .spki = request->spki };
}

void
vm_approver_tell_failed (
    VmApprover *self, const VmApproverRequest *request, const GError *reason)
{
  VmTrustPrompt prompt = vm_approver_prompt_of (request);

  self->funcs.failed (&prompt, reason, self->user_data);
  self->funcs.ready (request->id, self->user_data);
}

void
vm_approver_prompt_next (VmApprover *self)
{
  VmApproverRequest *next = NULL;
  VmTrustPrompt prompt;

  for (guint i = 0; i < self->requests->len; i++) {
    VmApproverRequest *request = self->requests->pdata[i];

    if (request->state == VM_APPROVER_PROMPTED)
      return;
    if (request->state == VM_APPROVER_WAITING
        && (!next || request->turn < next->turn))
      next = request;
  }
  if (!next)
    return;
  vm_approver_step (next, VM_APPROVER_EVENT_PROMPT);
  prompt = vm_approver_prompt_of (next);
  self->funcs.prompt (&prompt, self->user_data);
}

VmTrustExchange
vm_approver_exchange_of (VmApprover *self, const VmApproverRequest *request)
{
  return (VmTrustExchange){ .approver_id =
                                vm_identity_get_device_id (self->identity),
    .requester_id = request->device_id,
    .approver_nonce = request->own_nonce,
    .requester_nonce = request->nonce,
    .challenge = request->challenge,
    .expires_in = VM_TRUST_REQUEST_TIME / G_USEC_PER_SEC };
}

VmApproverRequest *
vm_approver_find (VmApprover *self, const gchar *id, GError **error)
{
  for (guint i = 0; i < self->requests->len; i++) {
    VmApproverRequest *request = self->requests->pdata[i];

    if (strcmp (request->id, id) == 0)
      return request;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
      "No such trust request waits here; one is kept for %d minutes",
      (gint) (VM_TRUST_REQUEST_TIME / G_USEC_PER_SEC / 60));
  return NULL;
}

/* The user */

static VmApproverRequest *
find_prompted (VmApprover *self, const gchar *id, GError **error)
{
  VmApproverRequest *request = vm_approver_find (self, id, error);

  if (!request || request->state == VM_APPROVER_PROMPTED)
    return request;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "The trust request of %s is not before the user: it is %s", request->name,
      vm_approver_state_to_string (request->state));
  return NULL;
}

gboolean
vm_approver_approve (VmApprover *self, const gchar *request_id,
    VmPermissions permissions, GError **error)
{
  VmApproverRequest *request = find_prompted (self, request_id, error);
  VmTrustExchange exchange;

  if (!request)
    return FALSE;
  if (!(permissions & VM_PERMISSIONS_ALL)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Trust without any permission is none");
    return FALSE;
  }
  exchange = vm_approver_exchange_of (self, request);
  self->funcs.random (
      request->challenge, sizeof request->challenge, self->user_data);
  if (!vm_trust_sign (self->identity, VM_TRUST_ROLE_APPROVER, &exchange,
          request->signature, error))
    return FALSE;
  request->permissions = permissions;
  vm_approver_step (request, VM_APPROVER_EVENT_APPROVE);
  self->funcs.ready (request->id, self->user_data);
  vm_approver_prompt_next (self);
  return TRUE;
}

gboolean
vm_approver_deny (VmApprover *self, const gchar *request_id, GError **error)
{
  VmApproverRequest *request = find_prompted (self, request_id, error);

  if (!request)
    return FALSE;
  vm_approver_step (request, VM_APPROVER_EVENT_DENY);
  self->funcs.ready (request->id, self->user_data);
  vm_approver_prompt_next (self);
  return TRUE;
}

void
vm_approver_revoke (VmApprover *self, const gchar *device_id, gint64 real_time)
{
  g_autoptr (GError) reason = g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "Trust in the device was revoked meanwhile");

  for (guint i = 0; i < self->requests->len; i++) {
    VmApproverRequest *request = self->requests->pdata[i];

    if (strcmp (request->device_id, device_id) == 0
        && request->came <= real_time
        && vm_approver_step (request, VM_APPROVER_EVENT_REVOKE))
      vm_approver_tell_failed (self, request, reason);
  }
  vm_approver_prompt_next (self);
}

/* Time */

static gboolean
is_missed (const VmApproverRequest *request)
{
  return request->state == VM_APPROVER_WAITING
         || request->state == VM_APPROVER_PROMPTED
         || request->state == VM_APPROVER_APPROVED;
}

static void
expire (VmApprover *self, VmApproverRequest *request)
{
  g_autoptr (GError) reason = g_error_new (VM_ERROR, VM_ERROR_TIMEOUT,
      request->state == VM_APPROVER_APPROVED
          ? "%s did not confirm the digits in time"
          : "The trust request of %s was not answered in time",
      request->name);

  if (is_missed (request))
    vm_approver_tell_failed (self, request, reason);
}

void
vm_approver_evict (VmApprover *self, VmApproverRequest *request)
{
  g_autoptr (GError) reason = g_error_new (VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Others ask for trust as well, and most requests came from the address "
      "of "
      "%s",
      request->name);
  gboolean missed = is_missed (request);
  guint i;

  if (!g_ptr_array_find (self->requests, request, &i))
    return;
  g_ptr_array_steal_index (self->requests, i);
  if (missed)
    vm_approver_tell_failed (self, request, reason);
  request_free (request);
}

gint64
vm_approver_tick (VmApprover *self, gint64 now)
{
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < self->requests->len;) {
    VmApproverRequest *request = self->requests->pdata[i];

    if (now < request->expires) {
      next = MIN (next, request->expires);
      i++;
      continue;
    }
    {
      g_autoptr (VmApproverRequest) gone =
          g_ptr_array_steal_index (self->requests, i);

      expire (self, gone);
    }
  }
  vm_approver_prompt_next (self);
  return next;
}
