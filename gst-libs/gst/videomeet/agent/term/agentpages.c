/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pages that see the terminal of an agent in a browser
 * (protocol/agents.md#terminal-in-a-browser). */

#include "agent/agent-priv.h"
#include "agent/term/agentterm.h"
#include "transfer/p2p/p2psocket.h"
#include "trust/keys/ephemerals.h"
#include "trust/media/mediaidentity.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  VmAgent *agent; /* until its end */
  gchar *id, *user, *user_id;
  gchar *offer; /* as it came */
  gboolean may_control;
  VmP2pPipe *pipe; /* NULL: not let in yet */
  GThread *thread; /* likewise */
} Page;

static Page *
page_ref (Page *page)
{
  return g_atomic_rc_box_acquire (page);
}

static void
clear (gpointer data)
{
  Page *page = data;

  g_clear_pointer (&page->pipe, vm_p2p_pipe_free);
  g_free (page->id);
  g_free (page->user);
  g_free (page->user_id);
  g_free (page->offer);
}

void
vm_agent_page_unref (gpointer page)
{
  g_atomic_rc_box_release_full (page, clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Page, vm_agent_page_unref)

static Page *
find (VmAgent *self, const gchar *id)
{
  for (guint i = 0; i < self->pages->len; i++) {
    Page *page = g_ptr_array_index (self->pages, i);

    if (strcmp (page->id, id) == 0)
      return page;
  }
  return NULL;
}

/* Its thread, if it has one, is at its end, or will be at once. */
static void
remove_page (Page *page, const GError *why)
{
  VmAgent *self = g_steal_pointer (&page->agent);

  if (!self)
    return;
  if (page->thread) {
    vm_p2p_pipe_close (page->pipe, why);
    g_thread_join (g_steal_pointer (&page->thread));
  }
  g_ptr_array_remove (self->pages, page);
}

static void
refuse (VmAgent *self, const gchar *id, const GError *why)
{
  g_info ("the page %s does not see the terminal: %s", id, why->message);
  if (self->control)
    vm_agent_control_refuse_page (self->control, id, why);
}

static void
drop (Page *page, const GError *why)
{
  refuse (page->agent, page->id, why);
  remove_page (page, why);
}

/* Its thread */

typedef struct
{
  Page *page;
  VmAgentTerm *term;
  VmMailbox *mailbox;
} Served;

static gboolean
on_served (gpointer data)
{
  Page *page = data;

  if (page->agent)
    remove_page (page, NULL);
  return G_SOURCE_REMOVE;
}

static gpointer
serve (gpointer data)
{
  Served *served = data;
  Page *page = served->page;
  const VmAgentTermViewer viewer = { page->id, page->user, page->may_control };
  g_autoptr (GError) error = NULL;

  if (vm_p2p_socket_wait (page->pipe, VM_AGENT_PAGE_TIME)
      && !vm_agent_term_serve (served->term, &viewer, page->pipe, &error))
    g_info ("the page %s sees the terminal no more: %s", page->id,
        error ? error->message : "");
  /* what was sent still goes to it */
  vm_p2p_pipe_end (page->pipe);
  vm_agent_term_unref (served->term);
  vm_mailbox_post (served->mailbox, on_served, page, vm_agent_page_unref);
  g_free (served);
  return NULL;
}

/* Letting in */

/* A page has no key of a device, so whoever has it is a stranger, by a name
 * that is anybody's. */
static gboolean
check_policy (Page *page, GError **error)
{
  VmAgent *self = page->agent;
  gint allowed = vm_agent_allows_user (self, page->user);

  if (self->policy != VM_POLICY_OPEN) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "A browser has no key by which this device would know it; it shows its "
        "terminal to browsers under the policy \"open\" only");
    return FALSE;
  }
  if (allowed >= 0 && !(allowed & VM_PERMISSIONS_TERMINAL_VIEW)) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The user of this device does not show \"%s\" its terminal",
        page->user);
    return FALSE;
  }
  page->may_control =
      allowed > 0 && (allowed & VM_PERMISSIONS_TERMINAL_CONTROL);
  return TRUE;
}

static gboolean
check_claims (Page *page, const VmCapability *capability, GError **error)
{
  VmAgent *self = page->agent;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree gchar *hash =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, page->id, -1);
  const VmCapabilityUse use = {
    .iss = capability->iss,
    .sub = page->user_id,
    .room_id = self->room,
    .caps = VM_CAP_TERMINAL_VIEW,
    .target_peer_id = capability->target_peer_id,
    .target_device_id = vm_identity_get_device_id (self->identity),
  };

  hash[15] = '\0';
  return vm_capability_allows (capability, &use, now, error)
         && vm_capability_replay_check (self->replay, capability, page->id,
             g_ascii_strtoull (hash, NULL, 16) | 1, now, error);
}

static gboolean
connect_page (Page *page, VmAgentTerm *term, GError **error)
{
  VmAgent *self = page->agent;
  gint ends[2];
  Served *served;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_FAILED, "This device has no more sockets");
    return FALSE;
  }
  if (!vm_agent_tell_page (self, page->id, page->user, page->offer, ends[1])) {
    close (ends[0]);
    close (ends[1]);
    g_set_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED,
        "This device does not show its terminal to browsers");
    return FALSE;
  }
  page->pipe = vm_p2p_socket_new (ends[0]);
  served = g_new (Served, 1);
  *served =
      (Served){ page_ref (page), vm_agent_term_ref (term), self->mailbox };
  page->thread = g_thread_new ("vm-term-page", serve, served);
  return TRUE;
}

static void
on_claims (
    const VmCapability *capability, const GError *error, gpointer user_data)
{
  g_autoptr (Page) page = user_data;
  g_autoptr (VmAgentTerm) term = NULL;
  g_autoptr (GError) wrong = error ? g_error_copy (error) : NULL;

  if (!page->agent)
    return;
  term = vm_agent_get_term (page->agent);
  if (!wrong && !term)
    g_set_error (&wrong, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED,
        "This device shares no terminal any more");
  if (wrong || !check_claims (page, capability, &wrong)
      || !connect_page (page, term, &wrong))
    drop (page, wrong);
}

static gboolean
check_number (VmAgent *self, GError **error)
{
  g_autoptr (VmAgentTerm) term = vm_agent_get_term (self);

  if (!term) {
    g_set_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED,
        "This device shares no terminal");
    return FALSE;
  }
  if (self->pages->len < VM_AGENT_PAGES_MAX)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "A terminal is shown in %d browsers at a time", VM_AGENT_PAGES_MAX);
  return FALSE;
}

/* An offer costs much: a signature, and a connection with its candidates. */
static gboolean
check_rate (VmAgent *self, GError **error)
{
  gint64 now = g_get_monotonic_time ();

  /* when the first of as many as may come at once would have come */
  self->offers_at =
      MAX (self->offers_at, now - VM_AGENT_OFFERS_MAX * VM_AGENT_OFFER_TIME);
  if (now - self->offers_at >= VM_AGENT_OFFER_TIME) {
    self->offers_at += VM_AGENT_OFFER_TIME;
    return TRUE;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Browsers ask for this terminal too often");
  return FALSE;
}

static void
take_offer (VmAgent *self, const VmMeshNews *news)
{
  Page *old = find (self, news->from);
  g_autoptr (GError) error = NULL;
  Page *page;

  if (!check_rate (self, &error)) {
    refuse (self, news->from, error);
    return;
  }
  /* it begins anew */
  if (old)
    remove_page (old, NULL);
  if (!check_number (self, &error)) {
    refuse (self, news->from, error);
    return;
  }
  page = g_atomic_rc_box_new0 (Page);
  page->agent = self;
  page->id = g_strdup (news->from);
  page->user = g_strdup (news->user ? news->user : "");
  page->user_id = g_strdup (news->user_id ? news->user_id : "");
  page->offer = g_strdup (news->sdp);
  g_ptr_array_add (self->pages, page);
  if (check_policy (page, &error))
    vm_agent_control_verify (
        self->control, news->cap_token, on_claims, page_ref (page));
  else
    drop (page, error);
}

void
vm_agent_pages_take (VmAgent *self, const VmMeshNews *news)
{
  Page *page = news->from ? find (self, news->from) : NULL;
  g_autoptr (GError) left = NULL;

  if (self->stopping)
    return;
  switch (news->type) {
    case VM_MESH_NEWS_OFFER:
      take_offer (self, news);
      break;
    case VM_MESH_NEWS_ICE:
      if (page && page->thread)
        vm_agent_tell_page_candidate (
            self, page->id, news->mline, news->candidate);
      break;
    case VM_MESH_NEWS_PRESENCE:
      page = find (self, news->peer_id);
      if (!page || g_strcmp0 (news->status, "offline") != 0)
        break;
      left =
          g_error_new (VM_ERROR, VM_ERROR_KICKED, "The page has left the room");
      remove_page (page, left);
      break;
    default:
      break;
  }
}

void
vm_agent_pages_end (VmAgent *self, const GError *why)
{
  while (self->pages->len)
    remove_page (g_ptr_array_index (self->pages, 0), why);
}

/* What the application answers */

static gchar *
sign (Page *page, const gchar *sdp, GError **error)
{
  static const guint8 no_nonce[VM_MEDIA_NONCE_SIZE];
  VmAgent *self = page->agent;
  const gchar *own = vm_identity_get_device_id (self->identity);
  const VmMediaBinding binding = {
    .role = VM_MEDIA_TERMINAL,
    .meeting_id = self->room,
    .from = { own, own, no_nonce },
    .to = { "", page->id, no_nonce },
    .session = "",
    .sdp = sdp,
    .offer = page->offer,
  };
  VmEphemeral *key = vm_ephemerals_take (error);
  gchar *identity = NULL;

  if (key)
    identity = vm_media_identity_sign (self->identity, &binding,
        vm_ephemeral_get_spki (key), g_get_real_time () / G_USEC_PER_SEC,
        error);
  g_clear_pointer (&key, vm_ephemeral_free);
  return identity;
}

void
vm_agent_pages_answer (VmAgent *self, const gchar *id, const gchar *sdp)
{
  Page *page = find (self, id);
  g_autofree gchar *identity = NULL;
  g_autoptr (GError) error = NULL;

  if (!page || !self->control)
    return;
  identity = sign (page, sdp, &error);
  if (identity)
    vm_agent_control_answer_page (self->control, id, sdp, identity);
  else
    drop (page, error);
}

void
vm_agent_pages_send_candidate (
    VmAgent *self, const gchar *id, guint mline, const gchar *candidate)
{
  if (*candidate && self->control && find (self, id))
    vm_agent_control_send_candidate (self->control, id, mline, candidate);
}
