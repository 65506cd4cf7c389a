/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two links whose datagrams and clock are the test's. */

#include "program.h"
#include "quic/quiclink.h"
#include "support/quicpair.h"

#include <string.h>

#define BEGIN ((guint64) 1000 * 1000 * 1000) /* ns */
#define WAY ((guint64) 50 * 1000) /* ns that a datagram takes */
#define HOPS_MAX 100

typedef struct
{
  VmQuicTls *tls;
  VmQuicLink *link; /* NULL: of the server, before the first datagram */
  VmQuicAddress address;
  GQueue sent; /* of GBytes */
  gboolean ready;
} Side;

static QuicPair *pair;
static Side client, server;
static guint64 now;
static guint8 *buffer;

static gboolean
on_judge (const guint8 *fingerprint, gpointer user_data)
{
  const Side *other = user_data == &client ? &server : &client;

  return memcmp (fingerprint, vm_quic_tls_get_fingerprint (other->tls),
             VM_QUIC_FINGERPRINT_SIZE)
         == 0;
}

static void
on_ready (gpointer user_data)
{
  ((Side *) user_data)->ready = TRUE;
}

static void
on_cid (const VmQuicCid *cid, gboolean added, gpointer user_data)
{
}

static VmQuicStream *
on_stream (gint64 id, gpointer user_data)
{
  return NULL;
}

static void
on_nothing (gpointer user_data)
{
}

static gsize
on_send (const guint8 *data, gsize size, gsize segment, const VmQuicAddress *to,
    gpointer user_data)
{
  Side *self = user_data;

  for (gsize at = 0; at < size; at += segment)
    g_queue_push_tail (
        &self->sent, g_bytes_new (data + at, MIN (segment, size - at)));
  return size;
}

static const VmQuicLinkFuncs funcs = {
  .judge = on_judge,
  .ready = on_ready,
  .cid_changed = on_cid,
  .accept = on_stream,
  .streams_allowed = on_nothing,
  .way_failed = on_nothing,
  .send = on_send,
};

static void
side_init (Side *self, guint i)
{
  g_autoptr (GError) error = NULL;

  memset (self, 0, sizeof *self);
  self->tls = vm_quic_tls_new (pair->identities[i], VM_QUIC_ALPN, &error);
  g_assert_no_error (error);
  g_assert_true (vm_quic_address_from_text (
      i ? "192.0.2.2" : "192.0.2.1", 4000, &self->address));
}

static void
side_clear (Side *self)
{
  g_clear_pointer (&self->link, vm_quic_link_free);
  g_queue_clear_full (&self->sent, (GDestroyNotify) g_bytes_unref);
  vm_quic_tls_free (self->tls);
}

static void
setup (void)
{
  pair = quic_pair_new ();
  buffer = g_malloc (VM_QUIC_BATCH_MAX);
  now = BEGIN;
  side_init (&client, 0);
  side_init (&server, 1);
  client.link = vm_quic_link_new (
      client.tls, NULL, NULL, 0, &server.address, 0, &funcs, &client, now);
  g_assert_nonnull (client.link);
}

static void
teardown (void)
{
  side_clear (&client);
  side_clear (&server);
  g_free (buffer);
  quic_pair_free (pair);
}

static void
write_all (Side *self)
{
  gboolean more = TRUE;

  while (more)
    g_assert_true (vm_quic_link_write (self->link, buffer, now, &more));
}

/* What @from has sent arrives, and is answered. */
static void
carry (Side *from, Side *to)
{
  GBytes *datagram;

  now += WAY;
  while ((datagram = g_queue_pop_head (&from->sent))) {
    gsize size;
    const guint8 *data = g_bytes_get_data (datagram, &size);
    VmQuicHeader header;

    g_assert_true (vm_quic_header_read (data, size, &header));
    if (!to->link)
      to->link = vm_quic_link_new (
          to->tls, &header, NULL, 0, &from->address, 0, &funcs, to, now);
    g_assert_true (
        vm_quic_link_read (to->link, data, size, &from->address, 0, now));
    g_bytes_unref (datagram);
  }
  if (to->link)
    write_all (to);
}

/* No flight waits for anything but the other side's. */
GST_START_TEST (test_handshake_waits_for_no_timer)
{
  guint hops = 0;

  write_all (&client);
  while (!client.ready && client.sent.length + server.sent.length > 0
         && hops++ < HOPS_MAX) {
    carry (&client, &server);
    carry (&server, &client);
  }
  g_assert_true (server.ready);
  g_assert_true (client.ready);
}

GST_END_TEST;

static Suite *
quiclink_suite (void)
{
  Suite *s = suite_create ("quiclink");
  TCase *tc = tcase_create ("quiclink");

  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_handshake_waits_for_no_timer);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (quiclink)
