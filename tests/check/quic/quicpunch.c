/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which addresses are asked, how often, and what is believed. */

#include "program.h"
#include "quic/quicpunch.h"
#include "quic/quicstun.h"

#include <string.h>

static VmQuicOwn *own;
static GBytes *secret;

static void
add_address (GArray *to, const gchar *ip)
{
  VmQuicAddress address;

  g_assert_true (vm_quic_address_from_text (ip, 1, &address));
  g_array_append_val (to, address);
}

static void
setup (void)
{
  own = vm_quic_own_new ();
  g_array_set_size (own->addresses, 0);
  g_array_set_size (own->broadcasts, 0);
  add_address (own->addresses, "192.0.2.7");
  add_address (own->broadcasts, "192.0.2.255");
  /* as getifaddrs() has one without a broadcast address */
  add_address (own->addresses, "198.51.100.7");
  add_address (own->broadcasts, "198.51.100.7");
  secret = g_bytes_new_static ("token", 5);
}

static void
teardown (void)
{
  g_clear_pointer (&own, vm_quic_own_free);
  g_clear_pointer (&secret, g_bytes_unref);
}

static guint
targets_of (const gchar *const *ips, gboolean loopback)
{
  VmQuicCandidate candidates[16] = { 0 };
  VmQuicPunch punch;
  guint n = 0;

  for (; ips[n]; n++) {
    g_strlcpy (candidates[n].ip, ips[n], sizeof candidates[n].ip);
    candidates[n].port = 4000 + n;
  }
  vm_quic_punch_init (&punch, TRUE, secret, candidates, n, own, loopback, 0);
  return punch.n_targets;
}

GST_START_TEST (test_forbidden_addresses)
{
  static const gchar *const forbidden[] = { "0.0.0.0", "0.1.2.3", "224.0.0.1",
    "239.1.2.3", "240.0.0.1", "255.255.255.255", "192.0.2.255", "::", "ff02::1",
    "127.0.0.1", "::1", "fe80::1", "nowhere", "100::1", NULL };
  static const gchar *const allowed[] = { "192.0.2.8", "10.0.0.1",
    "2001:db8::1", "fd00::2", NULL };
  static const gchar *const here[] = { "192.0.2.7", "198.51.100.7", "127.0.0.1",
    "::1", NULL };
  static const gchar *const loopback[] = { "127.0.0.1", NULL };

  g_assert_cmpuint (targets_of (forbidden, FALSE), ==, 0);
  g_assert_cmpuint (targets_of (allowed, FALSE), ==, 4);
  /* the other side is on this machine, or this one hears loopback alone */
  g_assert_cmpuint (targets_of (here, FALSE), ==, 4);
  g_assert_cmpuint (targets_of (loopback, FALSE), ==, 0);
  g_assert_cmpuint (targets_of (loopback, TRUE), ==, 1);
}

GST_END_TEST;

GST_START_TEST (test_at_most_eight)
{
  static const gchar *const many[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3",
    "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8", "10.0.0.9",
    NULL };

  g_assert_cmpuint (targets_of (many, FALSE), ==, VM_QUIC_CANDIDATES_MAX);
  g_assert_cmpuint (targets_of (many + 1, FALSE), ==, VM_QUIC_CANDIDATES_MAX);
  g_assert_cmpuint (
      targets_of (many + 2, FALSE), ==, VM_QUIC_CANDIDATES_MAX - 1);
}

GST_END_TEST;

static void
init_two (VmQuicPunch *a, VmQuicPunch *b)
{
  VmQuicCandidate one = { "10.0.0.1", 4000 };

  vm_quic_punch_init (a, TRUE, secret, &one, 1, own, FALSE, 0);
  vm_quic_punch_init (b, FALSE, secret, &one, 1, own, FALSE, 0);
}

/* In ten seconds, 25 in the first five: and the attempts without an answer are
 * counted with them. */
GST_START_TEST (test_datagrams_are_counted)
{
  VmQuicPunch a, b;
  guint8 data[VM_QUIC_PUNCH_SIZE];
  VmQuicAddress to;
  guint n = 0;

  init_two (&a, &b);
  for (gint64 now = 0; now < 10 * G_USEC_PER_SEC; now += 1000)
    for (guint i = 0; vm_quic_punch_next (&a, &i, now, data, &to);) {
      n++;
      g_assert_cmpint (now, <, VM_QUIC_PUNCH_TIME);
    }
  g_assert_cmpuint (n, ==, VM_QUIC_PUNCH_MAX);
  g_assert_cmpuint (VM_QUIC_PUNCH_MAX, ==, 25);
  g_assert_false (vm_quic_punch_spend (&a, &to, 0));
  g_assert_cmpint (vm_quic_punch_get_wake (&a), ==, G_MAXINT64);
}

GST_END_TEST;

/* Many sessions name one victim: it gets no more than of one, until it answers
 * or a minute is over. */
GST_START_TEST (test_sessions_share_what_they_send)
{
  g_autoptr (VmQuicBudget) budget = vm_quic_budget_new ();
  VmQuicPunch a, b;
  guint8 data[VM_QUIC_PUNCH_SIZE], pong[VM_QUIC_PUNCH_SIZE];
  VmQuicAddress to;
  guint n = 0;

  for (guint session = 0; session < 10; session++) {
    init_two (&a, &b);
    a.budget = budget;
    for (gint64 now = 0; now < VM_QUIC_PUNCH_TIME; now += 1000)
      for (guint i = 0; vm_quic_punch_next (&a, &i, now, data, &to);)
        n++;
  }
  g_assert_cmpuint (n, ==, 25);
  g_assert_false (vm_quic_punch_spend (&a, &to, VM_QUIC_BUDGET_TIME - 1));
  g_assert_true (vm_quic_punch_spend (&a, &to, VM_QUIC_BUDGET_TIME));
  for (guint i = 1; i < 24; i++)
    g_assert_true (vm_quic_punch_spend (&a, &to, VM_QUIC_BUDGET_TIME));
  /* it answers: other sessions may ask it as well */
  init_two (&a, &b);
  a.budget = budget;
  g_assert_true (vm_quic_budget_spend (budget, &to, VM_QUIC_BUDGET_TIME));
  g_assert_false (vm_quic_budget_spend (budget, &to, VM_QUIC_BUDGET_TIME));
  vm_quic_budget_clear (budget, &to);
  {
    guint i = 0;

    g_assert_true (vm_quic_punch_next (&a, &i, 0, data, &to));
  }
  while (vm_quic_budget_spend (budget, &to, 0))
    ;
  g_assert_cmpint (vm_quic_punch_take (&b, data, sizeof data, &to, pong), ==,
      VM_QUIC_PUNCH_QUESTION);
  g_assert_cmpint (vm_quic_punch_take (&a, pong, sizeof pong, &to, data), ==,
      VM_QUIC_PUNCH_ANSWER);
  g_assert_true (vm_quic_budget_spend (budget, &to, 0));
}

GST_END_TEST;

GST_START_TEST (test_budget_is_bounded)
{
  g_autoptr (VmQuicBudget) budget = vm_quic_budget_new ();
  VmQuicAddress to;

  g_assert_true (vm_quic_address_from_text ("192.0.2.1", 1, &to));
  for (guint i = 0; i < VM_QUIC_BUDGET_ADDRESSES_MAX; i++) {
    to.sin6_port = i + 1;
    g_assert_true (vm_quic_budget_spend (budget, &to, 0));
  }
  to.sin6_port = VM_QUIC_BUDGET_ADDRESSES_MAX + 1;
  g_assert_false (vm_quic_budget_spend (budget, &to, VM_QUIC_BUDGET_TIME - 1));
  g_assert_true (vm_quic_budget_spend (budget, &to, VM_QUIC_BUDGET_TIME));
}

GST_END_TEST;

GST_START_TEST (test_answer_is_the_proof)
{
  VmQuicPunch a, b;
  guint8 ping[VM_QUIC_PUNCH_SIZE], pong[VM_QUIC_PUNCH_SIZE];
  VmQuicAddress from, to;
  guint i = 0;

  init_two (&a, &b);
  g_assert_true (vm_quic_address_from_text ("10.0.0.9", 9, &from));
  g_assert_true (vm_quic_punch_next (&a, &i, 0, ping, &to));
  g_assert_true (vm_quic_punch_is (ping, sizeof ping));
  /* not by who sent it, nor changed in any byte */
  g_assert_cmpint (vm_quic_punch_take (&a, ping, sizeof ping, &from, pong), ==,
      VM_QUIC_PUNCH_FORGED);
  for (guint j = 0; j < sizeof ping; j++) {
    ping[j] ^= 1;
    g_assert_cmpint (vm_quic_punch_take (&b, ping, sizeof ping, &from, pong),
        ==, VM_QUIC_PUNCH_FORGED);
    ping[j] ^= 1;
  }
  g_assert_cmpint (vm_quic_punch_take (&b, ping, sizeof ping - 1, &from, pong),
      ==, VM_QUIC_PUNCH_FORGED);
  g_assert_cmpint (vm_quic_punch_take (&b, ping, sizeof ping, &from, pong), ==,
      VM_QUIC_PUNCH_QUESTION);
  /* a question may come from anywhere: whoever asks is asked back */
  g_assert_null (vm_quic_punch_get_heard (&b));
  g_assert_cmpint (vm_quic_punch_take (&a, pong, sizeof pong, &from, ping), ==,
      VM_QUIC_PUNCH_ANSWER);
  g_assert_nonnull (vm_quic_punch_get_heard (&a));
  g_assert_true (
      vm_quic_address_equal (&vm_quic_punch_get_heard (&a)->address, &from));
}

GST_END_TEST;

GST_START_TEST (test_answers_at_most)
{
  VmQuicPunch a, b;
  guint8 ping[VM_QUIC_PUNCH_SIZE], pong[VM_QUIC_PUNCH_SIZE];
  VmQuicAddress to;
  guint i = 0;

  init_two (&a, &b);
  g_assert_true (vm_quic_punch_next (&a, &i, 0, ping, &to));
  for (guint j = 0; j < VM_QUIC_PUNCH_ANSWERS_MAX; j++)
    g_assert_cmpint (vm_quic_punch_take (&b, ping, sizeof ping, &to, pong), ==,
        VM_QUIC_PUNCH_QUESTION);
  g_assert_cmpint (vm_quic_punch_take (&b, ping, sizeof ping, &to, pong), ==,
      VM_QUIC_PUNCH_FORGED);
}

GST_END_TEST;

/* The example of RFC 5769 §2.2, without the attributes that follow. */
GST_START_TEST (test_stun)
{
  static const guint8 id[] = { 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae };
  static const guint8 answer[] = { 0x01, 0x01, 0x00, 0x0c, 0x21, 0x12, 0xa4,
    0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf,
    0xae, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6,
    0x43 };
  VmQuicCandidate candidate;
  VmQuicAddress address;
  guint8 request[VM_QUIC_STUN_SIZE], other[sizeof id] = { 0 };

  vm_quic_stun_write (request, id);
  g_assert_true (vm_quic_stun_is (request, sizeof request));
  g_assert_false (vm_quic_stun_read (request, sizeof request, id, &address));
  g_assert_true (vm_quic_stun_read (answer, sizeof answer, id, &address));
  vm_quic_address_to_candidate (&address, &candidate);
  g_assert_cmpstr (candidate.ip, ==, "192.0.2.1");
  g_assert_cmpuint (candidate.port, ==, 32853);
  g_assert_false (vm_quic_stun_read (answer, sizeof answer, other, &address));
  for (gsize size = 0; size < sizeof answer; size++)
    g_assert_false (vm_quic_stun_read (answer, size, id, &address));
}

GST_END_TEST;

static Suite *
quicpunch_suite (void)
{
  Suite *s = suite_create ("quicpunch");
  TCase *tc = tcase_create ("quicpunch");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_forbidden_addresses);
  tcase_add_test (tc, test_at_most_eight);
  tcase_add_test (tc, test_datagrams_are_counted);
  tcase_add_test (tc, test_sessions_share_what_they_send);
  tcase_add_test (tc, test_budget_is_bounded);
  tcase_add_test (tc, test_answer_is_the_proof);
  tcase_add_test (tc, test_answers_at_most);
  tcase_add_test (tc, test_stun);
  return s;
}

CHECK_PROGRAM (quicpunch)
