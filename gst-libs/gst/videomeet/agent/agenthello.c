/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The hello of a session that another agent has asked for
 * (protocol/agents.md#hello). */

#include "agent/agent-priv.h"

#include <openssl/crypto.h>
#include <string.h>

/* Between two looks for a session that its thread still prepares, µs. */
#define LOOK_TIME (50 * 1000)

/* A client that is not of this project does not say with its first datagram
 * which session it begins: the connection is that of any session of its device,
 * and the hello says which one it is. The two sessions change places. */

typedef struct
{
  gchar *id;
  GMutex lock; /* of what follows, and of the session while it is looked up */
  GCond cond;
  gboolean over; /* nobody waits for it, or it was looked up */
  gboolean later; /* the session is there, but does not wait yet */
} Lookup;

static void
lookup_clear (gpointer data)
{
  Lookup *lookup = data;

  g_free (lookup->id);
  g_mutex_clear (&lookup->lock);
  g_cond_clear (&lookup->cond);
}

static void
lookup_unref (gpointer lookup)
{
  g_atomic_rc_box_release_full (lookup, lookup_clear);
}

#define SWAP(member)                         \
  do {                                       \
    __typeof__ (a->member) kept = a->member; \
                                             \
    a->member = b->member;                   \
    b->member = kept;                        \
  } while (0)

/* All that the server and the user have said of it. A relay stays with the
 * connection. */
static void
swap (VmAgentSession *a, VmAgentSession *b)
{
  SWAP (id);
  SWAP (token);
  SWAP (kind);
  SWAP (deadline);
  SWAP (policy);
  SWAP (accept);
  SWAP (allow_delete);
  SWAP (allowed_id);
  SWAP (allowed_user);
  SWAP (max_rate);
  SWAP (folder);
  SWAP (share);
  SWAP (term);
  SWAP (permissions);
  SWAP (trusted);
  SWAP (given);
  SWAP (known);
  SWAP (expires);
  SWAP (size_left);
  SWAP (denial);
}

static VmAgentSession *
find (const VmAgentSession *self, const gchar *id)
{
  const GPtrArray *sessions = self->agent->sessions;

  for (guint i = 0; i < sessions->len; i++) {
    VmAgentSession *other = g_ptr_array_index (sessions, i);

    if (other != self && other->incoming && strcmp (other->id, id) == 0
        && strcmp (other->peer->device_id, self->peer->device_id) == 0
        && memcmp (other->peer->fingerprint, self->peer->fingerprint,
               VM_MESH_FINGERPRINT_SIZE)
               == 0)
      return other;
  }
  return NULL;
}

static void
on_lookup (VmAgentSession *self, gpointer data)
{
  Lookup *lookup = data;
  VmAgentSession *other;

  g_mutex_lock (&lookup->lock);
  other = lookup->over ? NULL : find (self, lookup->id);
  lookup->over = TRUE;
  lookup->later = other != NULL;
  if (other) {
    /* its thread reads nothing of it while it waits, and neither does ours */
    g_mutex_lock (&self->lock);
    g_mutex_lock (&other->lock);
    if (other->waits && !other->end) {
      swap (self, other);
      lookup->later = FALSE;
    }
    g_mutex_unlock (&other->lock);
    g_mutex_unlock (&self->lock);
  }
  g_cond_signal (&lookup->cond);
  g_mutex_unlock (&lookup->lock);
}

/* Whether to look again. */
static gboolean
look_up (VmAgentSession *self, const gchar *id, gint64 until)
{
  Lookup *lookup = g_atomic_rc_box_new0 (Lookup);
  gboolean later;

  lookup->id = g_strdup (id);
  g_mutex_init (&lookup->lock);
  g_cond_init (&lookup->cond);
  vm_agent_session_post (
      self, on_lookup, g_atomic_rc_box_acquire (lookup), lookup_unref);
  g_mutex_lock (&lookup->lock);
  while (
      !lookup->over && g_cond_wait_until (&lookup->cond, &lookup->lock, until))
    continue;
  lookup->over = TRUE;
  later = lookup->later;
  g_mutex_unlock (&lookup->lock);
  lookup_unref (lookup);
  return later;
}

static void
find_session (VmAgentSession *self, const gchar *id)
{
  gint64 until = g_get_monotonic_time () + VM_P2P_HELLO_TIME;

  while (strcmp (self->id, id) != 0 && look_up (self, id, until)
         && g_get_monotonic_time () < until
         && !vm_agent_session_is_ending (self))
    g_usleep (LOOK_TIME);
}

static gboolean
equals (const gchar *a, const gchar *b)
{
  return strlen (a) == strlen (b) && CRYPTO_memcmp (a, b, strlen (a)) == 0;
}

static gboolean
check_hello (VmAgentSession *self, const VmP2pHello *hello, GError **error)
{
  if (strcmp (hello->session_id, self->id) == 0
      && equals (hello->session_token, self->token)
      && strcmp (hello->from_device_id, self->peer->device_id) == 0
      && g_get_monotonic_time () < self->deadline)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED,
      "There is no such session, or it is too old to begin");
  return FALSE;
}

/* A denied session is over when the other side has read why. */
static void
wait_until_closed (VmQuicConnection *connection)
{
  VmP2pPipe *pipe = vm_quic_connection_accept_pipe (
      connection, VM_AGENT_LAST_WORDS_TIME, NULL);

  g_clear_pointer (&pipe, vm_p2p_pipe_free);
}

VmP2pPipe *
vm_agent_session_answer (
    VmAgentSession *self, VmQuicConnection *connection, GError **error)
{
  g_autoptr (VmP2pHello) hello = NULL;
  VmP2pPipe *pipe = vm_quic_connection_hear_hello (
      connection, VM_P2P_HELLO_TIME, &hello, error);
  g_autoptr (GError) denial = NULL;

  if (!pipe)
    return NULL;
  find_session (self, hello->session_id);
  if (check_hello (self, hello, &denial) && self->denial)
    denial = g_error_copy (self->denial);
  if (vm_quic_connection_answer_hello (
          connection, pipe, denial, VM_P2P_HELLO_TIME, error)
      && !denial)
    return pipe;
  if (denial) {
    wait_until_closed (connection);
    g_clear_error (error);
    g_propagate_error (error, g_steal_pointer (&denial));
  }
  vm_p2p_pipe_free (pipe);
  return NULL;
}
