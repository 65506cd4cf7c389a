/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The thread of an endpoint: datagrams, sessions, and when to wake up. */

#include "quic/quicseat.h"

#include <openssl/rand.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#define STUN_INTERVAL (250 * 1000) /* µs */
/* After a move of this machine: until it is looked whether the other side is
 * heard, and the silence after which it is tried again. */
#define MOVED_TIME G_USEC_PER_SEC
#define MOVED_SILENCE (800 * 1000) /* µs */
/* Between two looks at whether the other side is heard, and before a way that
 * was left is tried again, µs. */
#define LOOK_TIME (G_USEC_PER_SEC / 2)
#define FALL_BACK_TIME (10 * G_USEC_PER_SEC)

static gint64
now_us (VmQuicEndpoint *self)
{
  return self->now / 1000;
}

static gboolean
is_lost (VmQuicEndpoint *self, guint every)
{
  return ++self->lose_count % every == 0;
}

gsize
vm_quic_endpoint_send (VmQuicEndpoint *self, const guint8 *data, gsize size,
    gsize segment, const VmQuicAddress *to, const struct in6_addr *from)
{
  guint every = g_atomic_int_get (&self->lose_every);

  if (!every)
    return vm_quic_socket_send (self->socket, data, size, segment, to, from);
  for (gsize at = 0; at < size; at += segment) {
    gsize n = MIN (segment, size - at);

    if (!is_lost (self, every)
        && vm_quic_socket_send (self->socket, data + at, n, n, to, from) < n)
      return at;
  }
  return size;
}

static void
take_punch (VmQuicEndpoint *self, const guint8 *data, gsize size,
    const VmQuicAddress *from, const struct in6_addr *to)
{
  guint8 answer[VM_QUIC_PUNCH_SIZE];

  for (guint i = 0; i < self->connections->len; i++) {
    VmQuicConnection *connection = self->connections->pdata[i];
    VmQuicPunchKind kind;

    if (memcmp (connection->punch.id, vm_quic_punch_get_id (data),
            VM_QUIC_PUNCH_ID_SIZE)
        != 0)
      continue;
    kind = vm_quic_punch_take (&connection->punch, data, size, from, answer);
    if (kind == VM_QUIC_PUNCH_QUESTION || kind == VM_QUIC_PUNCH_MOVED)
      vm_quic_endpoint_send (
          self, answer, sizeof answer, sizeof answer, from, to);
    if (kind == VM_QUIC_PUNCH_MOVED) {
      connection->moved = TRUE;
      connection->moved_to = *from;
    }
    if (kind != VM_QUIC_PUNCH_FORGED)
      return;
  }
}

static void
take_stun (VmQuicEndpoint *self, const guint8 *data, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->stun_wanted
      && vm_quic_stun_read (data, size, self->stun_id, &self->reflexive)) {
    self->stun_known = TRUE;
    g_cond_broadcast (&self->changed);
  }
}

/* @relay: it came through the server, for that session; NULL: by the socket. */
static void
take_datagram (VmQuicEndpoint *self, VmQuicConnection *relay,
    const guint8 *data, gsize size, const VmQuicAddress *from,
    const struct in6_addr *to)
{
  VmQuicHeader header;
  VmQuicSeat *seat;

  /* the first bits do not tell: QUIC may grease them (RFC 9287) */
  if (!relay && vm_quic_punch_is (data, size)) {
    take_punch (self, data, size, from, to);
    return;
  }
  if (!relay && vm_quic_stun_is (data, size)) {
    take_stun (self, data, size);
    return;
  }
  if (!vm_quic_header_read (data, size, &header))
    return;
  seat = g_hash_table_lookup (self->cids, &header.to);
  if (seat && relay && seat->relay && seat->relay != relay)
    return;
  if (!seat && header.initial)
    seat = vm_quic_seat_new_server (self, &header, from, relay);
  if (!seat)
    return;
  vm_quic_seat_read (seat, data, size, from, to);
  /* what told nobody makes room at once */
  if (vm_quic_seat_is_gone (seat))
    g_ptr_array_remove_fast (self->seats, seat);
}

static void
on_datagrams (guint8 *data, gsize size, gsize segment,
    const VmQuicAddress *from, const struct in6_addr *to, gpointer user_data)
{
  for (gsize at = 0; at < size; at += segment)
    take_datagram (
        user_data, NULL, data + at, MIN (segment, size - at), from, to);
}

/* Sessions on the thread */

static void
send_punches (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  guint8 data[VM_QUIC_PUNCH_SIZE];
  VmQuicAddress to;
  guint i = 0;

  /* whoever has found the way needs no other */
  if (connection->state == VM_QUIC_CONNECTED && !connection->punch.moved
      && connection->path == VM_QUIC_PATH_DIRECT) {
    connection->punch.next = G_MAXINT64;
    return;
  }
  while (vm_quic_punch_next (&connection->punch, &i, now_us (self), data, &to))
    vm_quic_endpoint_send (self, data, sizeof data, sizeof data, &to, NULL);
}

/* How long the small datagrams have before others are tried, and where there is
 * a relay, and before that is, µs. */
#define BLIND_AFTER G_USEC_PER_SEC
#define BLIND_BEFORE_RELAY (G_USEC_PER_SEC / 2)
#define RELAY_AFTER G_USEC_PER_SEC
/* How long an attempt waits for its first answer, µs. */
#define ATTEMPT_TIME (G_USEC_PER_SEC * 3 / 2)

/* Where the next attempt goes, and until when; NULL: nowhere yet. A peer that
 * knows QUIC alone answers nothing else: with a relay the turns alternate. */
static const VmQuicAddress *
choose_target (
    VmQuicEndpoint *self, VmQuicConnection *connection, gint64 *until)
{
  VmQuicPunch *punch = &connection->punch;
  const VmQuicTarget *heard = vm_quic_punch_get_heard (punch);
  gboolean relay = connection->relay_send != NULL;
  gint64 since = now_us (self) - connection->begun;

  *until = now_us (self) + ATTEMPT_TIME;
  if (heard)
    return &heard->address;
  if (!punch->n_targets)
    return relay ? &vm_quic_address_relay : NULL;
  if (since < (relay ? BLIND_BEFORE_RELAY : BLIND_AFTER))
    return NULL;
  if (relay && since < RELAY_AFTER)
    *until = connection->begun + RELAY_AFTER;
  else if (relay && (connection->relay_turn = !connection->relay_turn))
    return &vm_quic_address_relay;
  return &punch->targets[connection->next_target++ % punch->n_targets].address;
}

static void
attempt (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  VmQuicSeat *seat = connection->seat;
  const VmQuicTarget *heard = vm_quic_punch_get_heard (&connection->punch);
  const VmQuicAddress *target;
  gint64 until;

  if (seat && !seat->heard
      && (now_us (self) >= connection->attempt_until
          || (heard
              && !vm_quic_address_equal (
                  &heard->address, &seat->ways[0].remote)))) {
    vm_quic_seat_close (seat, NULL);
    seat = NULL;
  }
  if (seat)
    return;
  target = choose_target (self, connection, &until);
  if (!target)
    return;
  connection->attempt_until = until;
  connection->seat = vm_quic_seat_new_client (connection, target);
}

/* From the relay to a direct way, or to where the other side says it is. */
static void
find_better (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  const VmQuicTarget *heard = vm_quic_punch_get_heard (&connection->punch);
  const VmQuicAddress *to = NULL;

  if (!connection->seat || now_us (self) < connection->migrate_at)
    return;
  if (connection->moved)
    to = &connection->moved_to;
  else if (connection->path == VM_QUIC_PATH_RELAY && heard)
    to = &heard->address;
  if (!to)
    return;
  connection->migrate_at = now_us (self) + G_USEC_PER_SEC;
  if (vm_quic_seat_migrate (connection->seat, to, FALSE))
    connection->moved = FALSE;
  else
    connection->migrate_at = now_us (self) + G_USEC_PER_SEC / 10;
}

/* From a way on which nothing comes to the relay; where a better one answers it
 * is found again. */
static void
leave_silence (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  VmQuicSeat *seat = connection->seat;
  gint64 silence;

  if (!seat || !seat->ready)
    return;
  silence = now_us (self) - (gint64) (seat->heard_at / 1000);
  g_atomic_int_set (&connection->silent_ms, (gint) (MAX (silence, 0) / 1000));
  if (!g_atomic_int_get (&connection->relay_wanted))
    return;
  if (connection->path != VM_QUIC_PATH_DIRECT
      || silence < VM_QUIC_SILENCE_MAX / 2) {
    g_atomic_int_set (&connection->relay_wanted, FALSE);
  } else if (now_us (self) >= connection->fall_back_at) {
    connection->fall_back_at = now_us (self) + G_USEC_PER_SEC;
    if (vm_quic_seat_migrate (seat, &vm_quic_address_relay, TRUE))
      connection->migrate_at = now_us (self) + FALL_BACK_TIME;
  }
}

/* Goes on from another address of this machine: the old way is gone. */
static void
move (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  VmQuicAddress remote;

  vm_quic_link_get_remote (connection->seat->link, &remote);
  if (!connection->asking) {
    vm_quic_punch_again (&connection->punch, &remote, now_us (self));
    return;
  }
  vm_quic_seat_migrate (connection->seat, &remote, TRUE);
  connection->look_at = now_us (self) + MOVED_TIME;
}

/* An address may be there before the route to the other side is, and a way may
 * be lost whose address still stands. */
static void
move_again (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  VmQuicSeat *seat = connection->seat;

  if (!connection->look_at || now_us (self) < connection->look_at)
    return;
  connection->look_at = 0;
  if (!seat || connection->path != VM_QUIC_PATH_DIRECT
      || self->now - seat->heard_at < (guint64) MOVED_SILENCE * 1000)
    return;
  move (self, connection);
}

static void
forget (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  g_mutex_lock (&self->lock);
  self->n_sessions--;
  g_mutex_unlock (&self->lock);
  g_ptr_array_remove (self->connections, connection);
}

static void
close_connection (
    VmQuicConnection *connection, const GError *why, const gchar *otherwise)
{
  g_autoptr (GError) error =
      why ? g_error_copy (why)
          : g_error_new_literal (VM_ERROR, VM_ERROR_DISCONNECTED, otherwise);

  vm_quic_connection_set_closed (connection, error);
  if (connection->seat)
    vm_quic_seat_close (connection->seat, why);
  vm_quic_connection_set_told (connection);
}

/* FALSE: it is over. */
static gboolean
tend (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  if (connection->state == VM_QUIC_CONNECTING
      && now_us (self) >= connection->deadline) {
    g_autoptr (GError) late = g_error_new (
        VM_ERROR, VM_ERROR_TIMEOUT, "The other device did not answer in time");

    close_connection (connection, late, NULL);
  }
  if (connection->state == VM_QUIC_CLOSED)
    return FALSE;
  send_punches (self, connection);
  if (!connection->asking)
    return TRUE;
  if (connection->state == VM_QUIC_CONNECTING)
    attempt (self, connection);
  else {
    leave_silence (self, connection);
    find_better (self, connection);
    move_again (self, connection);
  }
  return TRUE;
}

static void
tend_all (VmQuicEndpoint *self)
{
  for (guint i = self->connections->len; i > 0; i--) {
    VmQuicConnection *connection = self->connections->pdata[i - 1];

    if (!tend (self, connection))
      forget (self, connection);
  }
}

static void
take_relayed (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  GQueue relayed;

  g_mutex_lock (&connection->lock);
  relayed = connection->relayed;
  g_queue_init (&connection->relayed);
  g_mutex_unlock (&connection->lock);
  for (GList *i = relayed.head; i; i = i->next) {
    gsize size;
    const guint8 *data = g_bytes_get_data (i->data, &size);

    take_datagram (self, connection, data, size, &vm_quic_address_relay, NULL);
  }
  g_queue_clear_full (&relayed, (GDestroyNotify) g_bytes_unref);
}

static void
serve (VmQuicEndpoint *self, VmQuicConnection *connection)
{
  gboolean close_wanted;

  if (connection->state == VM_QUIC_CLOSED)
    return;
  if (!g_ptr_array_find (self->connections, connection, NULL))
    g_ptr_array_add (self->connections, vm_quic_connection_hold (connection));
  take_relayed (self, connection);
  if (connection->seat)
    vm_quic_seat_serve (connection->seat);
  g_mutex_lock (&connection->lock);
  close_wanted = connection->close_wanted;
  g_mutex_unlock (&connection->lock);
  if (close_wanted)
    close_connection (
        connection, connection->close_why, "The connection was closed");
}

static VmQuicConnection *
pop_queued (VmQuicEndpoint *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  VmQuicConnection *connection = g_queue_pop_head (&self->queued);

  if (connection)
    connection->queued = FALSE;
  return connection;
}

static void
serve_queued (VmQuicEndpoint *self)
{
  VmQuicConnection *connection;
  guint n;

  /* those that come meanwhile wait for their turn */
  g_mutex_lock (&self->lock);
  n = self->queued.length;
  g_mutex_unlock (&self->lock);
  while (n-- && (connection = pop_queued (self))) {
    serve (self, connection);
    vm_quic_connection_drop (connection);
  }
}

/* Addresses of this machine */

/* @own: those whose address is still among them stay, until it shows that
 * nothing comes; NULL: all move. */
static void
move_all (VmQuicEndpoint *self, const VmQuicOwn *own)
{
  for (guint i = 0; i < self->connections->len; i++) {
    VmQuicConnection *connection = self->connections->pdata[i];
    VmQuicAddress remote;

    if (!connection->seat || !connection->seat->ready
        || connection->path != VM_QUIC_PATH_DIRECT)
      continue;
    vm_quic_link_get_remote (connection->seat->link, &remote);
    if (own && vm_quic_seat_stands (connection->seat, &remote, own))
      connection->look_at = now_us (self) + MOVED_TIME;
    else
      move (self, connection);
  }
}

static void
take_new_socket (VmQuicEndpoint *self)
{
  VmQuicSocket *socket = vm_quic_socket_new (self->address, 0, NULL);

  if (!socket)
    return;
  vm_quic_socket_free (self->socket);
  self->socket = socket;
  g_mutex_lock (&self->lock);
  self->port = vm_quic_socket_get_port (socket);
  g_mutex_unlock (&self->lock);
  move_all (self, NULL);
}

/* The kernel also tells of addresses that are as before. */
static void
look_at_addresses (VmQuicEndpoint *self)
{
  guint8 ignored[8192];
  VmQuicOwn *own;

  while (recv (self->netlink_fd, ignored, sizeof ignored, 0) > 0)
    ;
  own = vm_quic_own_new ();
  if (vm_quic_own_equal (self->own, own)) {
    vm_quic_own_free (own);
    return;
  }
  vm_quic_own_free (self->own);
  self->own = own;
  move_all (self, own);
}

static void
send_stun (VmQuicEndpoint *self, gboolean wanted)
{
  guint8 data[VM_QUIC_STUN_SIZE];

  if (!wanted) {
    self->stun_next = 0;
    return;
  }
  if (now_us (self) < self->stun_next)
    return;
  if (!self->stun_next)
    RAND_bytes (self->stun_id, sizeof self->stun_id);
  self->stun_next = now_us (self) + STUN_INTERVAL;
  vm_quic_stun_write (data, self->stun_id);
  vm_quic_endpoint_send (
      self, data, sizeof data, sizeof data, &self->stun, NULL);
}

/* The loop */

static void
set_now (VmQuicEndpoint *self)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  self->now = (guint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* When a session has to be looked at, ns. */
static guint64
connection_wake (VmQuicConnection *connection, guint64 now)
{
  gint64 wake = vm_quic_punch_get_wake (&connection->punch);
  gboolean better = connection->state == VM_QUIC_CONNECTED
                    && (connection->moved
                        || (connection->path == VM_QUIC_PATH_RELAY
                            && vm_quic_punch_get_heard (&connection->punch)));

  if (connection->state == VM_QUIC_CONNECTING) {
    wake = MIN (wake, connection->deadline);
    if (connection->asking)
      wake = MIN (wake, (gint64) (now / 1000) + 50 * 1000);
  } else if (better && connection->asking) {
    wake = MIN (wake, MAX (connection->migrate_at, (gint64) (now / 1000)));
  }
  if (connection->state == VM_QUIC_CONNECTED && connection->asking)
    wake = MIN (wake, (gint64) (now / 1000) + LOOK_TIME);
  if (connection->look_at)
    wake = MIN (wake, connection->look_at);
  return wake == G_MAXINT64 ? G_MAXUINT64 : (guint64) wake * 1000;
}

static guint64
next_wake (VmQuicEndpoint *self, gboolean stun)
{
  guint64 wake = stun ? (guint64) self->stun_next * 1000 : G_MAXUINT64;

  for (guint i = 0; i < self->seats->len; i++)
    wake = MIN (wake, vm_quic_seat_get_wake (self->seats->pdata[i]));
  for (guint i = 0; i < self->connections->len; i++)
    wake = MIN (wake, connection_wake (self->connections->pdata[i], self->now));
  return wake;
}

static gboolean
is_blocked (VmQuicEndpoint *self)
{
  for (guint i = 0; i < self->seats->len; i++) {
    const VmQuicSeat *seat = self->seats->pdata[i];

    if (!seat->closing_until && vm_quic_link_is_blocked (seat->link))
      return TRUE;
  }
  return FALSE;
}

static void
unblock (VmQuicEndpoint *self)
{
  for (guint i = 0; i < self->seats->len; i++) {
    VmQuicSeat *seat = self->seats->pdata[i];

    if (!seat->closing_until && vm_quic_link_is_blocked (seat->link))
      seat->active = TRUE;
  }
}

/* Until something happens, or @wake (ns). */
static void
sleep_until (VmQuicEndpoint *self, guint64 wake, gboolean at_once)
{
  struct pollfd fds[3] = {
    { vm_quic_socket_get_fd (self->socket), POLLIN, 0 },
    { self->wake_fd, POLLIN, 0 },
    { self->netlink_fd, POLLIN, 0 },
  };
  struct timespec timeout = { 0 };
  eventfd_t count;

  if (is_blocked (self))
    fds[0].events |= POLLOUT;
  if (!at_once && wake > self->now && wake != G_MAXUINT64) {
    timeout.tv_sec = (wake - self->now) / 1000000000;
    timeout.tv_nsec = (wake - self->now) % 1000000000;
  }
  ppoll (fds, G_N_ELEMENTS (fds),
      at_once || wake != G_MAXUINT64 ? &timeout : NULL, NULL);
  set_now (self);
  if (fds[1].revents)
    eventfd_read (self->wake_fd, &count);
  if (fds[0].revents & POLLOUT)
    unblock (self);
  if (fds[0].revents & ~POLLOUT)
    vm_quic_socket_receive (self->socket, on_datagrams, self);
  if (fds[2].revents & POLLIN)
    look_at_addresses (self);
}

static gboolean
run_seats (VmQuicEndpoint *self)
{
  gboolean more = FALSE;

  for (guint i = self->seats->len; i > 0; i--) {
    VmQuicSeat *seat = self->seats->pdata[i - 1];

    vm_quic_seat_run (seat, &more);
    if (vm_quic_seat_is_gone (seat))
      g_ptr_array_remove_index_fast (self->seats, i - 1);
  }
  return more;
}

/* Nobody waits any longer. */
static void
end_all (VmQuicEndpoint *self)
{
  VmQuicConnection *connection;

  serve_queued (self);
  for (guint i = 0; i < self->connections->len; i++)
    close_connection (
        self->connections->pdata[i], NULL, "The endpoint was closed");
  while ((connection = pop_queued (self)))
    vm_quic_connection_drop (connection);
  g_ptr_array_set_size (self->seats, 0);
  g_ptr_array_set_size (self->connections, 0);
  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gpointer
vm_quic_endpoint_run (gpointer user_data)
{
  VmQuicEndpoint *self = user_data;
  gboolean stopping = FALSE;

  set_now (self);
  while (!stopping) {
    gboolean more, stun, move;

    serve_queued (self);
    tend_all (self);
    more = run_seats (self);
    g_mutex_lock (&self->lock);
    stun = self->stun_wanted && !self->stun_known;
    g_mutex_unlock (&self->lock);
    send_stun (self, stun);
    g_mutex_lock (&self->lock);
    stopping = self->stopping;
    move = self->move_wanted;
    self->move_wanted = FALSE;
    more |= stopping || move || self->queued.length
            || (self->stun_wanted && !self->stun_known && !stun);
    self->sleeping = !more;
    g_mutex_unlock (&self->lock);
    if (move)
      take_new_socket (self);
    sleep_until (self, next_wake (self, stun), more);
    g_mutex_lock (&self->lock);
    self->sleeping = FALSE;
    g_mutex_unlock (&self->lock);
  }
  end_all (self);
  return NULL;
}
