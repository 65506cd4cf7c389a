/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicseat.h"

#include <openssl/crypto.h>
#include <string.h>

/* How long those who did not hear of the end are told again, ns. */
#define CLOSING_TIME ((guint64) 500 * 1000 * 1000)
/* Between two attempts at another way, µs. */
#define MIGRATE_INTERVAL (2 * G_USEC_PER_SEC)

/* Ways */

static VmQuicSeatWay *
find_way (VmQuicSeat *self, const VmQuicAddress *remote)
{
  for (guint i = 0; i < self->n_ways; i++)
    if (vm_quic_address_equal (&self->ways[i].remote, remote))
      return &self->ways[i];
  return NULL;
}

/* The oldest gives its place: those of today are few. */
static VmQuicSeatWay *
add_way (VmQuicSeat *self, const VmQuicAddress *remote, guint16 local)
{
  VmQuicSeatWay *way;

  if (self->n_ways == VM_QUIC_WAYS_MAX) {
    memmove (self->ways, self->ways + 1,
        (VM_QUIC_WAYS_MAX - 1) * sizeof self->ways[0]);
    self->n_ways--;
  }
  way = &self->ways[self->n_ways++];
  memset (way, 0, sizeof *way);
  way->remote = *remote;
  way->local = local;
  return way;
}

/* Callbacks of the link */

static gboolean
is_expected (const VmQuicConnection *connection)
{
  return !connection->asking && connection->state == VM_QUIC_CONNECTING
         && !(connection->seat && connection->seat->ready);
}

/* The session that it says, or whose relay it comes through, or else any that
 * expects this certificate. */
static VmQuicConnection *
find_expected (VmQuicSeat *self, const guint8 *fingerprint)
{
  GPtrArray *all = self->endpoint->connections;
  VmQuicConnection *found = NULL;

  for (guint i = 0; i < all->len; i++) {
    VmQuicConnection *connection = all->pdata[i];

    if (!is_expected (connection)
        || CRYPTO_memcmp (
               connection->fingerprint, fingerprint, VM_QUIC_FINGERPRINT_SIZE)
               != 0)
      continue;
    if (!found || connection == self->relay)
      found = connection;
  }
  return found;
}

static gboolean
judge (const guint8 *fingerprint, gpointer user_data)
{
  VmQuicSeat *self = user_data;
  VmQuicConnection *connection = self->connection;

  if (connection)
    return CRYPTO_memcmp (
               connection->fingerprint, fingerprint, VM_QUIC_FINGERPRINT_SIZE)
           == 0;
  connection = find_expected (self, fingerprint);
  if (!connection)
    return FALSE;
  if (connection->seat) {
    connection->seat->doomed = TRUE;
    g_clear_pointer (&connection->seat->connection, vm_quic_connection_drop);
  }
  connection->seat = self;
  self->owned = TRUE;
  self->connection = vm_quic_connection_hold (connection);
  return TRUE;
}

static void
note_path (VmQuicSeat *self)
{
  VmQuicAddress remote;

  if (!self->ready || !self->connection)
    return;
  vm_quic_link_get_remote (self->link, &remote);
  vm_quic_connection_set_path (
      self->connection, vm_quic_address_equal (&remote, &vm_quic_address_relay)
                            ? VM_QUIC_PATH_RELAY
                            : VM_QUIC_PATH_DIRECT);
}

static void
ready (gpointer user_data)
{
  VmQuicSeat *self = user_data;

  self->ready = TRUE;
  note_path (self); /* who waits for the connection asks for it */
  if (self->connection)
    vm_quic_connection_set_connected (self->connection);
  else
    self->doomed = TRUE;
}

static void
cid_changed (const VmQuicCid *cid, gboolean added, gpointer user_data)
{
  VmQuicSeat *self = user_data;

  if (added)
    g_hash_table_replace (
        self->endpoint->cids, g_memdup2 (cid, sizeof *cid), self);
  else if (g_hash_table_lookup (self->endpoint->cids, cid) == self)
    g_hash_table_remove (self->endpoint->cids, cid);
}

static VmQuicStream *
accept_stream (gint64 id, gpointer user_data)
{
  VmQuicSeat *self = user_data;

  return self->connection ? vm_quic_connection_add_stream (self->connection, id)
                          : NULL;
}

static void
streams_allowed (gpointer user_data)
{
  VmQuicSeat *self = user_data;

  self->open_again = TRUE;
}

static void
way_failed (gpointer user_data)
{
  VmQuicSeat *self = user_data;

  if (self->connection)
    self->connection->migrate_at =
        self->endpoint->now / 1000 + MIGRATE_INTERVAL;
}

static gsize
send_to_relay (VmQuicSeat *self, const guint8 *data, gsize size, gsize segment)
{
  VmQuicConnection *relay = self->relay;

  for (gsize at = 0; relay && relay->relay_send && at < size; at += segment)
    relay->relay_send (data + at, MIN (segment, size - at), relay->user_data);
  return size;
}

/* Nobody is known to be there: a server may name whom it likes. */
static gboolean
may_send (VmQuicSeat *self, const VmQuicAddress *to)
{
  return self->heard || !self->connection || !self->connection->asking
         || vm_quic_punch_spend (
             &self->connection->punch, to, self->endpoint->now / 1000);
}

static gsize
send_batch (const guint8 *data, gsize size, gsize segment,
    const VmQuicAddress *to, gpointer user_data)
{
  VmQuicSeat *self = user_data;
  VmQuicSeatWay *way = find_way (self, to);

  if (vm_quic_address_equal (to, &vm_quic_address_relay))
    return send_to_relay (self, data, size, segment);
  if (!may_send (self, to))
    return size;
  return vm_quic_endpoint_send (
      self->endpoint, data, size, segment, to, way ? &way->from : NULL);
}

static const VmQuicLinkFuncs funcs = {
  .judge = judge,
  .ready = ready,
  .cid_changed = cid_changed,
  .accept = accept_stream,
  .streams_allowed = streams_allowed,
  .way_failed = way_failed,
  .send = send_batch,
};

/* Life */

static VmQuicSeat *
seat_new (VmQuicEndpoint *endpoint, const VmQuicAddress *remote)
{
  VmQuicSeat *self = g_new0 (VmQuicSeat, 1);

  self->endpoint = endpoint;
  self->active = TRUE;
  self->group = vm_quic_address_group (remote);
  add_way (self, remote, 0);
  return self;
}

/* TRUE: it is one of the endpoint's from now on. */
static gboolean
seat_begin (VmQuicSeat *self, const VmQuicHeader *first, const guint8 *tag,
    const VmQuicAddress *remote)
{
  self->link = vm_quic_link_new (self->endpoint->tls, first, tag,
      tag ? VM_QUIC_PUNCH_ID_SIZE : 0, remote, 0, &funcs, self,
      self->endpoint->now);
  if (!self->link) {
    vm_quic_seat_free (self);
    return FALSE;
  }
  g_ptr_array_add (self->endpoint->seats, self);
  return TRUE;
}

VmQuicSeat *
vm_quic_seat_new_client (
    VmQuicConnection *connection, const VmQuicAddress *remote)
{
  VmQuicSeat *self = seat_new (connection->endpoint, remote);

  self->connection = vm_quic_connection_hold (connection);
  self->owned = TRUE;
  self->relay = vm_quic_connection_hold (connection);
  return seat_begin (self, NULL, connection->punch.id, remote) ? self : NULL;
}

static VmQuicConnection *
find_hinted (VmQuicEndpoint *endpoint, const VmQuicHeader *first)
{
  for (guint i = 0; i < endpoint->connections->len; i++) {
    VmQuicConnection *connection = endpoint->connections->pdata[i];

    if (is_expected (connection)
        && memcmp (connection->punch.id, first->to.data, VM_QUIC_PUNCH_ID_SIZE)
               == 0)
      return connection;
  }
  return NULL;
}

/* Nobody makes this machine work, or answer, who is not expected. */
static gboolean
has_room (VmQuicEndpoint *endpoint, VmQuicConnection *hinted, guint64 group)
{
  guint open = 0, same = 0;
  gboolean expected = hinted != NULL;

  for (guint i = 0; !expected && i < endpoint->connections->len; i++)
    expected = is_expected (endpoint->connections->pdata[i]);
  for (guint i = 0; i < endpoint->seats->len; i++) {
    const VmQuicSeat *other = endpoint->seats->pdata[i];

    if (other->owned)
      continue;
    if (hinted) {
      same += other->hinted == hinted;
    } else if (!other->hinted) {
      open++;
      same += other->group == group;
    }
  }
  return expected && open < VM_QUIC_HALF_OPEN_MAX
         && same < VM_QUIC_HALF_OPEN_GROUP_MAX;
}

VmQuicSeat *
vm_quic_seat_new_server (VmQuicEndpoint *endpoint, const VmQuicHeader *first,
    const VmQuicAddress *remote, VmQuicConnection *relay)
{
  VmQuicConnection *hinted = find_hinted (endpoint, first);
  VmQuicSeat *self;

  if (!has_room (endpoint, hinted, vm_quic_address_group (remote)))
    return NULL;
  self = seat_new (endpoint, remote);
  if (hinted)
    self->hinted = vm_quic_connection_hold (hinted);
  if (relay || hinted)
    self->relay = vm_quic_connection_hold (relay ? relay : hinted);
  if (!seat_begin (self, first, NULL, remote))
    return NULL;
  /* what the client calls it until it hears better */
  cid_changed (&first->to, TRUE, self);
  return self;
}

static gboolean
is_of (gpointer cid, gpointer seat, gpointer user_data)
{
  return seat == user_data;
}

/* The connection goes on without. */
static void
leave (VmQuicSeat *self)
{
  if (self->connection && self->connection->seat == self)
    self->connection->seat = NULL;
  g_clear_pointer (&self->connection, vm_quic_connection_drop);
}

void
vm_quic_seat_free (VmQuicSeat *self)
{
  g_hash_table_foreach_remove (self->endpoint->cids, is_of, self);
  leave (self);
  g_clear_pointer (&self->hinted, vm_quic_connection_drop);
  g_clear_pointer (&self->relay, vm_quic_connection_drop);
  g_clear_pointer (&self->link, vm_quic_link_free);
  g_free (self);
}

void
vm_quic_seat_close (VmQuicSeat *self, const GError *why)
{
  if (self->closing_until)
    return;
  vm_quic_link_close (self->link, why, self->endpoint->now);
  self->closing_until = self->endpoint->now;
  if (vm_quic_link_has_close (self->link))
    self->closing_until += CLOSING_TIME;
  self->active = FALSE;
  leave (self);
}

/* It is over without the user's wish. An attempt that nobody answered is
 * followed by others; who has shown the wrong certificate is not asked
 * again. */
static void
fail (VmQuicSeat *self)
{
  VmQuicConnection *connection =
      self->connection ? self->connection : self->hinted;
  g_autoptr (GError) error = g_error_copy (vm_quic_link_get_error (self->link));
  gboolean final = self->ready
                   || g_error_matches (error, VM_ERROR, VM_ERROR_FINGERPRINT)
                   || (connection && connection->asking && self->heard);

  if (!connection || !final || (connection->seat && connection->seat != self)) {
    vm_quic_seat_close (self, error);
    return;
  }
  /* who hears it from a stream finds the connection closed, too */
  vm_quic_connection_hold (connection);
  vm_quic_connection_set_closed (connection, error);
  vm_quic_seat_close (self, error);
  vm_quic_connection_set_told (connection);
  vm_quic_connection_drop (connection);
}

gboolean
vm_quic_seat_is_gone (const VmQuicSeat *self)
{
  return self->closing_until && self->closing_until <= self->endpoint->now;
}

/* Traffic */

void
vm_quic_seat_read (VmQuicSeat *self, const guint8 *data, gsize size,
    const VmQuicAddress *remote, const struct in6_addr *to)
{
  VmQuicSeatWay *way = find_way (self, remote);

  if (self->closing_until) {
    /* whoever names another address makes no other hear of it */
    if (way)
      vm_quic_link_repeat_close (self->link, remote);
    return;
  }
  if (!way) {
    /* the asking side alone chooses the ways */
    if (self->connection && self->connection->asking)
      return;
    way = add_way (self, remote, 0);
  }
  if (to)
    way->from = *to;
  self->active = TRUE;
  self->heard_at = self->endpoint->now;
  if (!vm_quic_link_read (
          self->link, data, size, remote, way->local, self->endpoint->now)) {
    self->heard = TRUE;
    fail (self);
    return;
  }
  /* only who was asked can know the ids of the connection */
  if (!self->heard && self->connection && self->connection->asking)
    vm_quic_budget_clear (self->endpoint->budget, remote);
  self->heard = TRUE;
}

static void
open_streams (VmQuicSeat *self)
{
  VmQuicConnection *connection = self->connection;
  VmQuicStream *stream;

  self->open_again = FALSE;
  if (!self->ready || !connection)
    return;
  g_mutex_lock (&connection->lock);
  while ((stream = g_queue_peek_head (&connection->opening))) {
    if (!vm_quic_link_open (self->link, stream))
      break;
    g_queue_pop_head (&connection->opening);
    g_cond_broadcast (&stream->changed);
    vm_quic_stream_unref (stream);
  }
  g_mutex_unlock (&connection->lock);
}

void
vm_quic_seat_serve (VmQuicSeat *self)
{
  VmQuicConnection *connection = self->connection;

  if (!connection || self->closing_until)
    return;
  open_streams (self);
  for (;;) {
    VmQuicStream *stream;

    g_mutex_lock (&connection->lock);
    stream = g_queue_pop_head (&connection->dirty);
    if (stream)
      stream->dirty = FALSE;
    g_mutex_unlock (&connection->lock);
    if (!stream)
      break;
    if (stream->id >= 0)
      vm_quic_link_serve (self->link, stream);
    vm_quic_stream_unref (stream);
  }
  self->active = TRUE;
}

void
vm_quic_seat_run (VmQuicSeat *self, gboolean *more)
{
  guint64 now = self->endpoint->now;
  gboolean again = FALSE;

  if (self->closing_until)
    return;
  if (self->doomed) {
    vm_quic_seat_close (self, NULL);
    return;
  }
  if (vm_quic_link_get_expiry (self->link) <= now) {
    self->active = TRUE;
    if (!vm_quic_link_expire (self->link, now)) {
      fail (self);
      return;
    }
  }
  if (!self->active)
    return;
  if (self->open_again)
    open_streams (self);
  if (!vm_quic_link_write (self->link, self->endpoint->buffer, now, &again)) {
    fail (self);
    return;
  }
  self->active = again;
  *more |= again;
  note_path (self);
}

guint64
vm_quic_seat_get_wake (const VmQuicSeat *self)
{
  if (self->closing_until)
    return self->closing_until;
  if (vm_quic_link_is_blocked (self->link))
    return G_MAXUINT64; /* the socket says */
  return vm_quic_link_get_expiry (self->link);
}

gboolean
vm_quic_seat_stands (
    VmQuicSeat *self, const VmQuicAddress *remote, const VmQuicOwn *own)
{
  const VmQuicSeatWay *way = find_way (self, remote);
  VmQuicAddress address = { .sin6_family = AF_INET6 };

  if (!way || IN6_IS_ADDR_UNSPECIFIED (&way->from))
    return FALSE;
  address.sin6_addr = way->from;
  return vm_quic_own_has (own, &address);
}

gboolean
vm_quic_seat_migrate (
    VmQuicSeat *self, const VmQuicAddress *remote, gboolean immediate)
{
  VmQuicSeatWay *way = find_way (self, remote);

  if (!vm_quic_link_migrate (self->link, remote, self->last_local + 1,
          immediate, self->endpoint->now))
    return FALSE;
  self->last_local++;
  if (!way)
    way = add_way (self, remote, 0);
  way->local = self->last_local;
  memset (&way->from, 0, sizeof way->from);
  self->active = TRUE;
  return TRUE;
}
