/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sessions that other agents ask for: who the other one is, and whether its
 * capability is good (protocol/agents.md#sessions). */

#include "agent/term/agentterm.h"
#include "trust/store/decision.h"

#include <fcntl.h>
#include <string.h>

static const VmCaps cap_of_kind[VM_MESH_N_KINDS] = {
  [VM_MESH_FILE] = VM_CAP_FILE,
  [VM_MESH_FOLDER] = VM_CAP_FOLDER,
  [VM_MESH_TERMINAL] = VM_CAP_TERMINAL_VIEW,
};

/* Tells the other side by way of the server why there will be no session. */
static void
refuse (VmAgent *self, const gchar *session_id, const GError *why)
{
  const VmMeshAbout about = { .session_id = session_id,
    .code = vm_error_get_code (why),
    .reason = why->message };

  g_info ("session %s is refused: %s", session_id, why->message);
  vm_agent_control_tell (self->control, "denied", &about);
  vm_agent_tell_error (self, why);
}

/* A number for the device, which uses a capability as one connection does. */
static guint64
number_of (const gchar *device_id)
{
  g_autofree gchar *hash =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, device_id, -1);

  hash[15] = '\0';
  return g_ascii_strtoull (hash, NULL, 16) | 1;
}

static gboolean
check_claims (
    VmAgentSession *session, const VmCapability *capability, GError **error)
{
  VmAgent *self = session->agent;
  const VmAgentPeer *peer = session->peer;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const VmCapabilityUse use = {
    .iss = capability->iss,
    /* a server that does not tell it has checked that itself */
    .sub = peer->user_id ? peer->user_id : capability->sub,
    .room_id = session->room,
    .caps = cap_of_kind[session->kind],
    .target_peer_id = capability->target_peer_id,
    .target_device_id = vm_identity_get_device_id (self->identity),
  };

  if (!vm_capability_allows (capability, &use, now, error)
      || !vm_capability_replay_check (self->replay, capability, peer->device_id,
          number_of (peer->device_id), now, error))
    return FALSE;
  if (capability->max_size != 0 && capability->max_rate != 0)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED,
      "The capability is for no bytes at all");
  return FALSE;
}

/* Whether there is a place for what would come. */
static gboolean
check_place (VmAgentSession *session, GError **error)
{
  gboolean folder = session->kind == VM_MESH_FOLDER;

  if (session->kind == VM_MESH_TERMINAL) {
    if (session->term)
      return TRUE;
    g_set_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED,
        "\"%s\" shares no terminal", session->agent->user);
    return FALSE;
  }
  if (session->accept != VM_ACCEPT_NEVER
      && (session->folder || (folder && session->share >= 0)
          || (!folder && session->agent->forward)))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED,
      folder ? "This device takes and shares no folders"
             : "This device takes no files");
  return FALSE;
}

/* What is wrong is said over QUIC, as the base protocol has it. */
static void
on_claims (
    const VmCapability *capability, const GError *error, gpointer user_data)
{
  g_autoptr (VmAgentSession) session = user_data;

  if (!session->agent || session->agent->stopping)
    return;
  if (error)
    session->denial = g_error_copy (error);
  else if (check_claims (session, capability, &session->denial)
           && check_place (session, &session->denial)) {
    session->expires = capability->exp;
    session->size_left = capability->max_size;
    session->max_rate = MAX (capability->max_rate, 0);
  }
  vm_agent_session_start (session);
}

/* By its token, or by its id that the user has named: names are anybody's. */
static gboolean
is_trusted (VmAgent *self, const VmAgentPeer *peer)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts = NULL;
  VmTrustDecision decision;

  if (vm_agent_allows (self, peer->proven_id) > 0)
    return TRUE;
  facts = vm_trust_store_know (
      self->store, peer->proven_id, peer->user, peer->device, now);
  return vm_trust_decide (
             self->policy, facts, 0, g_date_time_to_unix (now), &decision, NULL)
         && decision.level >= VM_TRUST_LEVEL_GUEST;
}

static gboolean
check_number (VmAgent *self, const VmAgentPeer *peer, GError **error)
{
  guint n = 0;

  for (guint i = 0; i < self->sessions->len; i++) {
    const VmAgentSession *session = g_ptr_array_index (self->sessions, i);

    n += session->incoming
         && strcmp (session->peer->device_id, peer->device_id) == 0;
  }
  if (n >= VM_AGENT_DEVICE_SESSIONS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "A device may have %d sessions at a time with this one",
        VM_AGENT_DEVICE_SESSIONS_MAX);
    return FALSE;
  }
  if (self->sessions->len < VM_AGENT_STRANGERS_MAX || is_trusted (self, peer))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "This device has as many sessions as it bears with devices that it does "
      "not trust");
  return FALSE;
}

void
vm_agent_incoming_take (VmAgent *self, const VmMeshNews *news)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmAgentSession) session = NULL;
  g_autoptr (VmAgentPeer) peer = NULL;

  if (self->stopping)
    return;
  if (self->sessions->len >= VM_AGENT_SESSIONS_MAX) {
    g_set_error (&error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "This device has as many sessions as it bears");
    refuse (self, news->session_id, error);
    return;
  }
  peer = vm_agent_proof_check (news, self->policy, &error);
  if (!peer || !check_number (self, peer, &error)) {
    refuse (self, news->session_id, error);
    return;
  }
  session = vm_agent_session_new (self, news, g_steal_pointer (&peer));
  vm_agent_session_set_relay (session, news->relay_ticket);
  if (self->folder)
    session->folder = vm_receive_folder_ref (self->folder);
  if (self->share >= 0)
    session->share = fcntl (self->share, F_DUPFD_CLOEXEC, 3);
  session->term = vm_agent_get_term (self);
  vm_agent_control_verify (self->control, news->cap_token, on_claims,
      vm_agent_session_ref (session));
}

/* Later */

static VmAgentSession *
find (VmAgent *self, const gchar *id)
{
  for (guint i = 0; i < self->sessions->len; i++) {
    VmAgentSession *session = g_ptr_array_index (self->sessions, i);

    if (strcmp (session->id, id) == 0)
      return session;
  }
  return NULL;
}

static void
on_renewed (
    const VmCapability *capability, const GError *error, gpointer user_data)
{
  g_autoptr (VmAgentSession) session = user_data;
  g_autoptr (GError) wrong = NULL;

  if (!session->agent || error || !check_claims (session, capability, &wrong)) {
    g_info ("a renewed capability is not good: %s",
        error   ? error->message
        : wrong ? wrong->message
                : "the session is over");
    return;
  }
  g_mutex_lock (&session->lock);
  session->expires = MAX (session->expires, capability->exp);
  g_mutex_unlock (&session->lock);
}

static void
end (VmAgentSession *session, const VmMeshNews *news, VmError usual)
{
  VmError code = usual;
  g_autoptr (GError) error = NULL;

  if (news->code)
    vm_error_from_code (news->code, &code);
  error = g_error_new (VM_ERROR, code, "%s",
      news->message ? news->message : "The session was ended");
  vm_agent_session_end (session, error);
}

void
vm_agent_about_take (VmAgent *self, const VmMeshNews *news)
{
  VmAgentSession *session = find (self, news->session_id);

  if (!session)
    return;
  switch (news->type) {
    case VM_MESH_NEWS_CANDIDATES:
      vm_agent_session_take_candidates (session, news->candidates);
      break;
    case VM_MESH_NEWS_RENEWED:
      if (session->incoming)
        vm_agent_control_verify (self->control, news->cap_token, on_renewed,
            vm_agent_session_ref (session));
      break;
    case VM_MESH_NEWS_RELAY:
      vm_agent_session_take_ticket (session, news->relay_ticket);
      break;
    case VM_MESH_NEWS_REVOKED:
      end (session, news, VM_ERROR_KICKED);
      break;
    case VM_MESH_NEWS_DENIED:
      /* it cannot end what the other device has let begin */
      if (!session->announced)
        end (session, news, VM_ERROR_P2P_SESSION_DENIED);
      break;
    default:
      break;
  }
}
