/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicseat.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CANDIDATES_OWN_MAX (VM_QUIC_CANDIDATES_MAX - 1)

/* Life */

void
vm_quic_endpoint_hold (VmQuicEndpoint *self)
{
  g_atomic_ref_count_inc (&self->refs);
}

void
vm_quic_endpoint_drop (VmQuicEndpoint *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->tls, vm_quic_tls_free);
  g_clear_pointer (&self->socket, vm_quic_socket_free);
  g_clear_pointer (&self->own, vm_quic_own_free);
  g_clear_pointer (&self->budget, vm_quic_budget_free);
  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->seats);
  g_hash_table_unref (self->cids);
  if (self->wake_fd >= 0)
    close (self->wake_fd);
  if (self->netlink_fd >= 0)
    close (self->netlink_fd);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->buffer);
  g_free (self->address);
  g_free (self);
}

#define CID_WORDS ((sizeof (VmQuicCid) + 3) / 4)

/* A client chooses what it calls a server first: without the random factors
 * nobody can choose ids that collide (multilinear hashing). */
static guint
cid_hash (gconstpointer data)
{
  static guint64 factors[CID_WORDS + 1];
  static gsize known;
  guint32 words[CID_WORDS] = { 0 };
  guint64 sum;

  if (g_once_init_enter (&known)) {
    RAND_bytes ((guint8 *) factors, sizeof factors);
    g_once_init_leave (&known, 1);
  }
  memcpy (words, data, sizeof (VmQuicCid));
  sum = factors[CID_WORDS];
  for (guint i = 0; i < CID_WORDS; i++)
    sum += factors[i] * words[i];
  return sum >> 32;
}

static gboolean
cid_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (VmQuicCid)) == 0;
}

/* Says when this machine gets or loses an address; without it moves are not
 * seen. */
static gint
open_netlink (void)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK,
    .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
  gint fd = socket (
      AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

  if (fd >= 0 && bind (fd, (struct sockaddr *) &address, sizeof address) != 0) {
    close (fd);
    fd = -1;
  }
  return fd;
}

static gboolean
set_stun (VmQuicEndpoint *self, const gchar *stun, GError **error)
{
  if (!stun)
    return TRUE;
  self->has_stun = vm_quic_address_from_host (stun, &self->stun);
  if (!self->has_stun) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "The STUN server \"%s\" is no address with a port", stun);
    return FALSE;
  }
  /* a server may name it: as with candidates, what it may not name is left
   * out */
  self->has_stun = vm_quic_own_allows (self->own, &self->stun, self->loopback);
  return TRUE;
}

VmQuicEndpoint *
vm_quic_endpoint_new (const VmQuicConfig *config, GError **error)
{
  VmQuicEndpoint *self = g_new0 (VmQuicEndpoint, 1);
  VmQuicAddress address;

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->address = g_strdup (config->address);
  self->loopback = self->address
                   && vm_quic_address_from_text (self->address, 1, &address)
                   && vm_quic_address_is_loopback (&address);
  self->connections =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_quic_connection_drop);
  self->seats =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_quic_seat_free);
  self->cids = g_hash_table_new_full (cid_hash, cid_equal, g_free, NULL);
  self->buffer = g_malloc (VM_QUIC_BATCH_MAX);
  self->own = vm_quic_own_new ();
  self->budget = vm_quic_budget_new ();
  self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  self->netlink_fd = open_netlink ();
  self->tls = vm_quic_tls_new (
      config->identity, config->alpn ? config->alpn : VM_QUIC_ALPN, error);
  if (!self->tls || !set_stun (self, config->stun, error)
      || !(self->socket =
               vm_quic_socket_new (config->address, config->port, error))) {
    vm_quic_endpoint_drop (self);
    return NULL;
  }
  self->port = vm_quic_socket_get_port (self->socket);
  self->thread = g_thread_new ("vm-quic", vm_quic_endpoint_run, self);
  return self;
}

/* With the lock. */
static void
wake (VmQuicEndpoint *self)
{
  if (!self->sleeping)
    return;
  self->sleeping = FALSE;
  eventfd_write (self->wake_fd, 1);
}

void
vm_quic_endpoint_free (VmQuicEndpoint *self)
{
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  wake (self);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);
  vm_quic_endpoint_drop (self);
}

guint16
vm_quic_endpoint_get_port (VmQuicEndpoint *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->port;
}

const guint8 *
vm_quic_endpoint_get_fingerprint (VmQuicEndpoint *self)
{
  return vm_quic_tls_get_fingerprint (self->tls);
}

void
vm_quic_endpoint_queue (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (connection->queued || self->stopping)
    return;
  connection->queued = TRUE;
  g_queue_push_tail (&self->queued, vm_quic_connection_hold (connection));
  wake (self);
}

void
vm_quic_endpoint_move (VmQuicEndpoint *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->move_wanted = TRUE;
  wake (self);
}

void
vm_quic_endpoint_lose (VmQuicEndpoint *self, guint n)
{
  g_atomic_int_set (&self->lose_every, n);
}

/* Candidates */

static void
add_candidate (
    GArray *all, const VmQuicAddress *address, guint16 port, gboolean reflexive)
{
  VmQuicAddress with_port = *address;
  VmQuicCandidate candidate;

  if (port)
    with_port.sin6_port = g_htons (port);
  vm_quic_address_to_candidate (&with_port, &candidate);
  candidate.reflexive = reflexive;
  g_array_append_val (all, candidate);
}

static gboolean
wait_for_stun (VmQuicEndpoint *self, gint64 timeout, VmQuicAddress *reflexive)
{
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->stun_wanted = TRUE;
  self->stun_known = FALSE;
  wake (self);
  while (!self->stun_known && !self->stopping)
    if (!g_cond_wait_until (&self->changed, &self->lock, until))
      break;
  self->stun_wanted = FALSE;
  *reflexive = self->reflexive;
  return self->stun_known;
}

GArray *
vm_quic_endpoint_get_candidates (VmQuicEndpoint *self, gint64 timeout)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (VmQuicCandidate));
  g_autoptr (VmQuicOwn) own = vm_quic_own_new ();
  guint16 port = vm_quic_endpoint_get_port (self);
  VmQuicAddress address;

  if (self->address) {
    if (vm_quic_address_from_text (self->address, port, &address))
      add_candidate (all, &address, 0, FALSE);
  } else {
    for (guint i = 0; i < MIN (own->addresses->len, CANDIDATES_OWN_MAX); i++)
      add_candidate (
          all, &g_array_index (own->addresses, VmQuicAddress, i), port, FALSE);
  }
  if (self->has_stun && timeout > 0 && wait_for_stun (self, timeout, &address))
    add_candidate (all, &address, 0, TRUE);
  return all;
}

/* Sessions */

static VmQuicConnection *
begin (VmQuicEndpoint *self, gboolean asking, const VmQuicSession *session,
    GError **error)
{
  VmQuicConnection *connection;

  g_mutex_lock (&self->lock);
  if (self->n_sessions >= VM_QUIC_SESSIONS_MAX) {
    g_mutex_unlock (&self->lock);
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "This device has %d sessions already", VM_QUIC_SESSIONS_MAX);
    return NULL;
  }
  self->n_sessions++;
  g_mutex_unlock (&self->lock);
  connection = vm_quic_connection_new (self, asking, session);
  vm_quic_endpoint_queue (self, connection);
  return connection;
}

VmQuicConnection *
vm_quic_endpoint_connect (
    VmQuicEndpoint *self, const VmQuicSession *session, GError **error)
{
  return begin (self, TRUE, session, error);
}

VmQuicConnection *
vm_quic_endpoint_expect (
    VmQuicEndpoint *self, const VmQuicSession *session, GError **error)
{
  return begin (self, FALSE, session, error);
}
