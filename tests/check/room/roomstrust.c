/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whom the room model admits, by policy, by what is known of a device, and by
 * the way it comes in; and whom it sends out again: security.md#policies. What
 * facts mean is decision.c's to test. */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"
#include "trust/store/vmtrustfacts-priv.h"
#include "support/roompeer.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/room/rooms-priv.h>

#include <string.h>

/* What is known of everybody but this device itself. */
static VmTrustFacts known;
static gint64 today; /* Unix seconds */
static GString *refusals; /* as "Bob:NOT_TRUSTED" */
static gchar *reason_told; /* to the host's own user, last */

static VmTrustFacts *
on_know (const gchar *device_id, const gchar *user, const gchar *device,
    gint64 *date, gpointer user_data)
{
  VmTrustFacts *facts;

  *date = today;
  if (!device_id)
    return vm_trust_facts_new (NULL);
  facts = vm_trust_facts_copy (&known);
  facts->device_id = g_strdup (device_id);
  if (strcmp (device_id, vm_identity_get_device_id (f.me)) == 0) {
    facts->own = TRUE;
    facts->revoked = FALSE;
    facts->spki = g_bytes_ref (vm_identity_get_spki (f.me));
    facts->given = VM_PERMISSIONS_ALL;
    facts->given_until = G_MAXINT64;
  } else if (strcmp (device_id, vm_identity_get_device_id (f.ann)) == 0) {
    facts->revoked = FALSE;
    facts->user = g_strdup ("Ann");
    facts->spki = g_bytes_ref (vm_identity_get_spki (f.ann));
    facts->given = VM_PERMISSIONS_CALL | VM_PERMISSIONS_INTRODUCER;
    facts->given_until = G_MAXINT64;
  }
  if (known.changed_id && device && strcmp (device, "phone") != 0)
    g_clear_pointer (&facts->changed_id, g_free);
  if (!device)
    g_clear_pointer (&facts->changed_id, g_free);
  return facts;
}

static void
on_untrusted (const gchar *device_id, const gchar *user, const gchar *group,
    const GError *reason, gpointer user_data)
{
  g_free (reason_told);
  reason_told = g_strdup (reason->message);
  g_string_append_printf (
      refusals, "%s:%s ", user ? user : "-", vm_error_to_code (reason->code));
}

static void
trust_setup (void)
{
  fixture_setup ();
  refusals = g_string_new (NULL);
  memset (&known, 0, sizeof known);
  today = FIXTURE_NOW;
  room_funcs.know = on_know;
  room_funcs.untrusted = on_untrusted;
  setup ();
}

static void
trust_teardown (void)
{
  teardown ();
  g_clear_pointer (&known.first_seen, g_date_time_unref);
  g_clear_pointer (&known.changed_id, g_free);
  g_clear_pointer (&known.changed_user, g_free);
  room_funcs.know = NULL;
  room_funcs.untrusted = NULL;
  g_string_free (refusals, TRUE);
  g_clear_pointer (&reason_told, g_free);
  fixture_teardown ();
}

/* The ways in. */
typedef enum
{
  NATIVE, /* join, then hello */
  NATIVE_KEYLESS,
  ROOM, /* the room dialect, from a browser */
  ROOM_KEY, /* one that shows a key by TLS */
} Way;

static gboolean
come (Peer *peer, Way way, VmToken *token, GError **error)
{
  gboolean keyless = way == NATIVE_KEYLESS || way == ROOM;
  VmJoin join = { .meeting = "standup",
    .user = way == NATIVE || way == NATIVE_KEYLESS ? "Bob" : NULL,
    .group = "10.0.0.2",
    .key = keyless ? NULL : vm_identity_get_key_hash (f.bob),
    .token = token };
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);

  peer_init (peer);
  if (way == ROOM || way == ROOM_KEY) {
    peer->member =
        vm_rooms_enter (rooms, &join, "alias", NULL, peer, now, error);
    return peer->member != NULL;
  }
  if (!vm_rooms_join (rooms, &join, now, &text, error))
    return FALSE;
  ticket = vm_rooms_use_ticket (rooms, text, join.key, now, error);
  vm_signal_add_participant (hello)->device = g_strdup ("phone");
  peer->member = vm_rooms_take_seat (rooms, ticket, hello, peer, error);
  return peer->member != NULL;
}

static gchar *
called (void)
{
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  const VmSignalParticipant *who;

  vm_room_list (room, list, NULL);
  who = g_ptr_array_index (list->participants, 1);
  return g_strdup (who->user);
}

/* How the others see it, as on the wire. */
static gchar *
seen_as (void)
{
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  const VmSignalParticipant *who;

  vm_room_list (room, list, NULL);
  fail_unless_equals_int (list->participants->len, 2);
  who = g_ptr_array_index (list->participants, 0);
  fail_unless (who->host && !who->trust);
  who = g_ptr_array_index (list->participants, 1);
  return g_strdup (who->trust);
}

typedef enum
{
  NOTHING,
  SEEN,
  GIVEN,
  GIVEN_FILE, /* not to meet */
  EXPIRED,
  REVOKED,
  DAMAGED,
  CHANGED,
} Fact;

static void
know (Fact fact)
{
  g_clear_pointer (&known.first_seen, g_date_time_unref);
  g_clear_pointer (&known.changed_id, g_free);
  g_clear_pointer (&known.changed_user, g_free);
  memset (&known, 0, sizeof known);
  if (fact != NOTHING)
    known.first_seen = g_date_time_ref (f.now);
  if (fact == GIVEN || fact == EXPIRED || fact == REVOKED || fact == DAMAGED)
    known.given = VM_PERMISSIONS_CALL;
  if (fact == GIVEN_FILE)
    known.given = VM_PERMISSIONS_FILE;
  known.given_until = fact == EXPIRED ? FIXTURE_NOW - 1 : FIXTURE_NOW;
  known.revoked = fact == REVOKED;
  known.damaged = fact == DAMAGED;
  if (fact == CHANGED) {
    known.changed_id = g_strdup ("OLD-ID");
    known.changed_user = g_strdup ("Bob");
  }
}

#define IN -1
#define NO VM_ERROR_NOT_TRUSTED
#define NEW VM_ERROR_KEY_CHANGED

static const struct
{
  Fact fact;
  Way way;
  gint open, pin, require; /* IN, or the error */
  const gchar *seen;
} cases[] = {
  { NOTHING, NATIVE, IN, IN, NO, "unknown" },
  { SEEN, NATIVE, IN, IN, NO, "known" },
  { GIVEN, NATIVE, IN, IN, IN, "trusted" },
  { GIVEN_FILE, NATIVE, IN, IN, NO, "trusted" },
  { EXPIRED, NATIVE, IN, IN, NO, "known" },
  { REVOKED, NATIVE, NO, NO, NO, NULL },
  { DAMAGED, NATIVE, NO, NO, NO, NULL },
  { CHANGED, NATIVE, IN, NEW, NO, "known" },
  { GIVEN, NATIVE_KEYLESS, IN, IN, NO, "unknown" },
  { REVOKED, NATIVE_KEYLESS, IN, IN, NO, "unknown" },
  { NOTHING, ROOM, IN, IN, NO, "unknown" },
  { GIVEN, ROOM, IN, IN, NO, "unknown" },
  { NOTHING, ROOM_KEY, IN, IN, NO, "unknown" },
  { GIVEN, ROOM_KEY, IN, IN, IN, "trusted" },
  { REVOKED, ROOM_KEY, NO, NO, NO, NULL },
};

static void
check_case (guint i, VmPolicy policy, gint expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *seen = NULL;
  gboolean in;
  Peer bob;

  vm_rooms_set_policy (rooms, policy);
  know (cases[i].fact);
  g_string_truncate (refusals, 0);
  in = come (&bob, cases[i].way, NULL, &error);
  fail_unless (in == (expected == IN), "case %u, policy %d: %s", i, policy,
      error ? error->message : "let in");
  if (in) {
    seen = seen_as ();
    fail_unless_equals_string (seen, cases[i].seen);
    fail_unless_equals_string (refusals->str, "");
    vm_member_leave (bob.member, NULL);
  } else {
    fail_unless (g_error_matches (error, VM_ERROR, expected),
        "case %u, policy %d: %s", i, policy, error->message);
    fail_unless (strstr (refusals->str, vm_error_to_code (expected)) != NULL);
    fail_unless_equals_int (vm_room_count (room), 1);
  }
  peer_clear (&bob);
}

GST_START_TEST (test_policies)
{
  const gint expected[] = { cases[__i__].open, cases[__i__].pin,
    cases[__i__].require };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    check_case (__i__, (VmPolicy) i, expected[i]);
  know (NOTHING);
}

GST_END_TEST;

/* Without a word to the user: many devices are asked for a meeting that is
 * another's. */
GST_START_TEST (test_names_are_not_to_be_guessed)
{
  const gchar *const meetings[] = { "standup", "no such" };
  g_autofree gchar *message = NULL;

  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  for (guint i = 0; i < G_N_ELEMENTS (meetings); i++) {
    const VmJoin native = { .meeting = meetings[i],
      .user = "Bob",
      .group = "10.0.0.2",
      .key = vm_identity_get_key_hash (f.bob) };
    const VmJoin browser = { .meeting = meetings[i], .group = "10.0.0.2" };
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) other = NULL;
    g_autofree gchar *text = NULL;
    Peer bob;

    peer_init (&bob);
    g_string_truncate (refusals, 0);
    fail_if (vm_rooms_join (rooms, &native, now, &text, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    fail_if (vm_rooms_enter (rooms, &browser, "x", NULL, &bob, now, &other));
    g_assert_error (other, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    fail_unless_equals_string (
        refusals->str, i ? "" : "Bob:NOT_TRUSTED -:NOT_TRUSTED ");
    if (message)
      fail_unless_equals_string (error->message, message);
    g_free (message);
    message = g_strdup (error->message);
    peer_clear (&bob);
  }
  /* who is trusted hears what there is */
  know (GIVEN);
  {
    const VmJoin join = { .meeting = "no such",
      .user = "Bob",
      .group = "10.0.0.2",
      .key = vm_identity_get_key_hash (f.bob) };
    g_autoptr (GError) error = NULL;
    g_autofree gchar *text = NULL;

    fail_if (vm_rooms_join (rooms, &join, now, &text, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND);
  }
  know (NOTHING);
}

GST_END_TEST;

/* Who knows nobody lets nobody in. */
GST_START_TEST (test_without_a_store)
{
  g_autoptr (GError) error = NULL;
  Peer bob;

  teardown ();
  room_funcs.know = NULL;
  setup ();
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_if (come (&bob, NATIVE, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  peer_clear (&bob);
}

GST_END_TEST;

/* Ids, dates, files and what to type are the host's own business. */
GST_START_TEST (test_strangers_are_told_little)
{
  static const struct
  {
    Fact fact;
    const gchar *word; /* that only the host reads */
  } told[] = {
    { CHANGED, "OLD-ID" },
    { CHANGED, "videomeet forget" },
    { DAMAGED, "revoked" },
    { REVOKED, "revoked" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (told); i++) {
    g_autoptr (GError) error = NULL;
    Peer bob;

    know (told[i].fact);
    fail_if (come (&bob, NATIVE, NULL, &error));
    fail_unless (strstr (reason_told, told[i].word), "%s", reason_told);
    fail_if (strstr (error->message, told[i].word), "%s", error->message);
    fail_if (strpbrk (error->message, "0123456789/"), "%s", error->message);
    peer_clear (&bob);
  }
  know (NOTHING);
}

GST_END_TEST;

/* Whom the policy shuts out has no PINs to try, and hears nothing of the
 * room. */
GST_START_TEST (test_before_the_pin)
{
  VmJoin join = { "standup", "Bob", NULL, "wrong1", "10.0.0.2" };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  vm_room_end (room);
  peer_clear (&host);
  peer_init (&host);
  open_room ("123456", 2);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  for (guint i = 0; i <= VM_PIN_WRONG_MAX; i++) {
    fail_unless (vm_rooms_join (rooms, &join, now, &text, &error) == NULL);
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    g_clear_error (&error);
  }
  /* so none of these counts */
  vm_rooms_set_policy (rooms, VM_POLICY_PIN);
  join.pin = "123456";
  fail_unless (vm_rooms_join (rooms, &join, now, &text, &error) != NULL);
}

GST_END_TEST;

/* A token that comes along, under `require`. @seen when it is not let in: that
 * it was removed. */
static void
check_token (VmToken *token, gboolean in, const gchar *seen)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *as = NULL;
  Peer bob;

  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_unless (come (&bob, NATIVE, token, &error) == in, "%s",
      error ? error->message : "let in");
  if (in) {
    as = seen_as ();
    fail_unless_equals_string (as, seen);
    vm_member_leave (bob.member, NULL);
  } else {
    const gint code = seen ? VM_ERROR_KICKED : VM_ERROR_NOT_TRUSTED;

    g_assert_error (error, VM_ERROR, code);
  }
  peer_clear (&bob);
}

GST_START_TEST (test_tokens)
{
  g_autoptr (VmToken) mine = fixture_token (f.me, f.bob, VM_PERMISSIONS_CALL);
  g_autoptr (VmToken) stolen = fixture_token (f.me, f.eve, VM_PERMISSIONS_CALL);
  g_autoptr (VmToken) vouched =
      fixture_token (f.ann, f.bob, VM_PERMISSIONS_CALL);
  g_autoptr (VmToken) self_made =
      fixture_token (f.bob, f.ann, VM_PERMISSIONS_CALL);
  g_autoptr (VmToken) stranger =
      fixture_token (f.eve, f.bob, VM_PERMISSIONS_CALL);

  /* the host's store has the last word on what the host gave */
  know (GIVEN);
  check_token (mine, TRUE, "trusted");
  check_token (stolen, TRUE, "trusted");
  know (SEEN);
  check_token (mine, FALSE, NULL);
  check_token (stolen, FALSE, NULL);
  check_token (self_made, FALSE, NULL);
  check_token (stranger, FALSE, NULL);
  check_token (vouched, TRUE, "vouched");
  know (REVOKED);
  check_token (vouched, FALSE, NULL);
  check_token (mine, FALSE, NULL);
}

GST_END_TEST;

static VmToken *
guest_token (VmIdentity *who)
{
  g_autoptr (GError) error = NULL;
  VmToken *token = vm_token_issue (f.me, vm_identity_get_spki (who),
      VM_PERMISSIONS_CALL, vm_room_get_id (room), FIXTURE_NOW,
      FIXTURE_NOW + FIXTURE_DAY, &error);

  g_assert_no_error (error);
  return token;
}

static void
unban (const gchar *id)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_UNBAN);

  signal->id = g_strdup (id);
  vm_member_receive (host.member, signal);
}

/* Who came by an invitation and was removed does not come in by it again, as
 * who left by itself does, however well it is known. */
GST_START_TEST (test_removed_guest)
{
  g_autoptr (VmToken) token = guest_token (f.bob);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = NULL;
  Peer bob;

  know (NOTHING);
  check_token (token, TRUE, "guest"); /* and leaves */
  check_token (token, TRUE, "guest");
  fail_unless (come (&bob, NATIVE, token, &error));
  id = g_strdup (bob.member->id);
  say (&host, VM_SIGNAL_KICK, bob.member->id);
  fail_unless (bob.closed);
  g_assert_error (bob.reason, VM_ERROR, VM_ERROR_KICKED);
  check_token (token, FALSE, "removed");
  know (GIVEN);
  check_token (token, FALSE, "removed");
  unban (id);
  check_token (token, TRUE, "trusted");
  know (NOTHING);
  check_token (token, TRUE, "guest");
  peer_clear (&bob);
}

GST_END_TEST;

/* As many as the room remembers. */
GST_START_TEST (test_removed_guests)
{
  VmMember member = { .trust = VM_TRUST_LEVEL_GUEST };
  g_autoptr (VmToken) token = guest_token (f.bob);

  know (NOTHING);
  member.key = (gchar *) vm_identity_get_key_hash (f.bob);
  vm_room_bar (room, &member);
  for (guint i = 0; i <= VM_ROOM_BARRED_MAX; i++) {
    g_autofree gchar *key = g_strdup_printf ("key %u", i);

    check_token (token, i == VM_ROOM_BARRED_MAX, "guest");
    member.key = key;
    vm_room_bar (room, &member);
    fail_unless_equals_int (room->barred->len, MIN (i + 2, VM_ROOM_BARRED_MAX));
  }
}

GST_END_TEST;

static void
check_sent_out (Peer *peer, VmError code)
{
  fail_unless (peer->closed);
  g_assert_error (peer->reason, VM_ERROR, code);
  fail_if (strstr (peer->reason->message, "revoked") != NULL);
  fail_unless_equals_int (vm_room_count (room), 1);
  fail_unless (g_str_has_prefix (host.heard->str, "participant-left"), "%s",
      host.heard->str);
}

/* Who is trusted as Carl is Carl, whatever it says; of others it is said how
 * well they are known. */
GST_START_TEST (test_names_are_labels)
{
  static const struct
  {
    Fact fact;
    const gchar *stored, *called;
  } names[] = {
    { GIVEN, "Carl", "Carl" },
    { GIVEN, "Bob", "Bob" },
    { GIVEN, "", "Bob" },
    { GIVEN, NULL, "Bob" },
    { SEEN, "Carl", "Bob" },
    { NOTHING, NULL, "Bob" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *name = NULL;
    Peer bob;

    know (names[i].fact);
    known.user = (gchar *) names[i].stored;
    fail_unless (come (&bob, NATIVE, NULL, NULL));
    name = called ();
    fail_unless_equals_string (name, names[i].called);
    vm_member_leave (bob.member, NULL);
    peer_clear (&bob);
  }
  know (NOTHING);
}

GST_END_TEST;

/* What is known changes while somebody sits there. */
GST_START_TEST (test_revoked_inside)
{
  const Way ways[] = { NATIVE, ROOM_KEY };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    Peer bob;
    g_autofree gchar *seen = NULL;

    know (SEEN);
    fail_unless (come (&bob, ways[i], NULL, NULL));
    know (GIVEN);
    vm_rooms_check (rooms);
    fail_if (bob.closed);
    seen = seen_as ();
    fail_unless_equals_string (seen, "trusted");
    know (REVOKED);
    g_string_truncate (host.heard, 0);
    vm_rooms_check (rooms);
    check_sent_out (&bob, VM_ERROR_NOT_TRUSTED);
    peer_clear (&bob);
  }
  know (NOTHING);
}

GST_END_TEST;

/* Whoever has a seat has it by its key, whoever is known by its names since;
 * whoever knocks is judged by them. */
GST_START_TEST (test_named_by_another_meanwhile)
{
  g_autoptr (GError) error = NULL;
  Peer bob, again;

  know (SEEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  know (CHANGED);
  vm_rooms_check (rooms);
  fail_if (bob.closed);
  vm_member_lose (bob.member, now);
  fail_unless (vm_rooms_find_lost (rooms, bob.token,
                   vm_identity_get_key_hash (f.bob), now, NULL)
               == bob.member);
  fail_if (come (&again, NATIVE, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
  vm_rooms_set_policy (rooms, VM_POLICY_OPEN);
  vm_rooms_set_policy (rooms, VM_POLICY_PIN);
  fail_if (bob.closed);
  know (REVOKED);
  g_string_truncate (host.heard, 0);
  vm_rooms_check (rooms);
  check_sent_out (&bob, VM_ERROR_NOT_TRUSTED);
  know (NOTHING);
  peer_clear (&bob);
  peer_clear (&again);
}

GST_END_TEST;

/* Names that nobody judged at the door are judged when somebody does. */
GST_START_TEST (test_named_by_another_under_open)
{
  Peer bob;

  vm_rooms_set_policy (rooms, VM_POLICY_OPEN);
  know (CHANGED);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  vm_rooms_check (rooms);
  fail_if (bob.closed);
  g_string_truncate (host.heard, 0);
  vm_rooms_set_policy (rooms, VM_POLICY_PIN);
  check_sent_out (&bob, VM_ERROR_KEY_CHANGED);
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

static void
heard_level (const gchar *trust, const gchar *voucher, gboolean token)
{
  heard (&host, "participant-state:connecting");
  fail_unless_equals_string (host.last->trust, trust);
  fail_unless_equals_string (host.last->voucher, voucher);
  fail_unless (!host.last->token == !token);
}

/* Everybody hears it when somebody is known better, or less, and once. */
GST_START_TEST (test_known_better_meanwhile)
{
  g_autoptr (VmToken) vouched =
      fixture_token (f.ann, f.bob, VM_PERMISSIONS_CALL);
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  Peer bob;

  know (GIVEN);
  fail_unless (come (&bob, NATIVE, vouched, NULL));
  g_string_truncate (host.heard, 0);
  vm_rooms_check (rooms);
  heard (&host, "");
  know (SEEN);
  vm_rooms_check (rooms);
  heard_level ("vouched", "Ann", TRUE);
  vm_room_list (room, list, NULL);
  fail_unless_equals_string (
      ((VmSignalParticipant *) list->participants->pdata[1])->voucher, "Ann");
  vm_rooms_check (rooms);
  heard (&host, "");
  know (GIVEN);
  vm_rooms_check (rooms);
  heard_level ("trusted", NULL, FALSE);
  today = vouched->not_after + 1;
  know (SEEN);
  vm_rooms_check (rooms);
  heard_level ("known", NULL, FALSE);
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* Who is remembered because it came was not known when it came. */
GST_START_TEST (test_remembered_meanwhile)
{
  g_autofree gchar *seen = NULL;
  Peer bob;

  know (NOTHING);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  g_string_truncate (host.heard, 0);
  know (SEEN);
  vm_rooms_check (rooms);
  heard (&host, "");
  seen = seen_as ();
  fail_unless_equals_string (seen, "unknown");
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* A seat keeps its name, and nobody is shown as trusted by another's. */
GST_START_TEST (test_trusted_under_another_name)
{
  g_autofree gchar *before = NULL;
  g_autofree gchar *after = NULL;
  Peer bob;

  know (SEEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  g_string_truncate (host.heard, 0);
  know (GIVEN);
  known.user = (gchar *) "Mallory";
  vm_rooms_check (rooms);
  heard (&host, "");
  before = seen_as ();
  fail_unless_equals_string (before, "known");
  known.user = (gchar *) "Bob";
  vm_rooms_check (rooms);
  after = seen_as ();
  fail_unless_equals_string (after, "trusted");
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* Of those who were here, the others hear it, even if they are gone. */
GST_START_TEST (test_revoked_in_the_state)
{
  g_autofree gchar *id = NULL;
  gint64 count;
  Peer bob;

  know (SEEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  fail_unless_equals_int (host.last->type, VM_SIGNAL_MEETING_STATE);
  fail_unless_equals_int (g_strv_length (host.last->revoked), 0);
  vm_member_leave (bob.member, NULL);
  count = host.last->count;
  know (REVOKED);
  vm_rooms_check (rooms);
  fail_unless_equals_int (host.last->type, VM_SIGNAL_MEETING_STATE);
  fail_unless_equals_int (host.last->count, count + 1);
  fail_unless_equals_int (g_strv_length (host.last->revoked), 1);
  fail_unless_equals_string (
      host.last->revoked[0], vm_identity_get_device_id (f.bob));
  /* once */
  vm_rooms_check (rooms);
  fail_unless_equals_int (host.last->count, count + 1);
  know (SEEN);
  vm_rooms_check (rooms);
  fail_unless_equals_int (g_strv_length (host.last->revoked), 0);
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* As many as one message may name. */
GST_START_TEST (test_met)
{
  know (REVOKED);
  for (guint i = 1; i <= VM_ROOM_MET_MAX + 1; i++) {
    /* base64url of a hash */
    g_autofree gchar *key = g_strdup_printf ("%042uA", i);
    VmMember member = { .key = key };
    g_auto (GStrv) revoked = NULL;

    vm_room_meet (room, &member);
    vm_room_meet (room, &member);
    revoked = vm_room_list_revoked (room);
    fail_unless_equals_int (g_strv_length (revoked), MIN (i, VM_ROOM_MET_MAX));
  }
  know (NOTHING);
}

GST_END_TEST;

/* A token that was good at the door is not for ever. */
GST_START_TEST (test_expired_inside)
{
  g_autoptr (VmToken) vouched =
      fixture_token (f.ann, f.bob, VM_PERMISSIONS_CALL);
  Peer bob;

  know (__i__ ? SEEN : GIVEN);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_unless (come (&bob, NATIVE, __i__ ? vouched : NULL, NULL));
  vm_rooms_tick (rooms, now);
  fail_if (bob.closed);
  today = __i__ ? vouched->not_after : FIXTURE_NOW;
  vm_rooms_tick (rooms, now + VM_TRUST_CHECK_TIME);
  fail_if (bob.closed);
  today++;
  vm_rooms_tick (rooms, now + 2 * VM_TRUST_CHECK_TIME - 1);
  fail_if (bob.closed);
  g_string_truncate (host.heard, 0);
  vm_rooms_tick (rooms, now + 2 * VM_TRUST_CHECK_TIME);
  check_sent_out (&bob, VM_ERROR_NOT_TRUSTED);
  peer_clear (&bob);
  know (NOTHING);
}

GST_END_TEST;

GST_START_TEST (test_policy_tightened)
{
  Peer bob, carl;

  know (GIVEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  fail_unless (come (&carl, ROOM, NULL, NULL));
  g_string_truncate (host.heard, 0);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_if (bob.closed);
  fail_unless (carl.closed);
  g_assert_error (carl.reason, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_unless_equals_int (vm_room_count (room), 2);
  know (NOTHING);
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

/* Between the ticket and the seat, and between two sockets. */
GST_START_TEST (test_revoked_on_the_way)
{
  VmJoin join = { .meeting = "standup",
    .user = "Bob",
    .group = "10.0.0.2",
    .key = vm_identity_get_key_hash (f.bob) };
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  g_autoptr (GError) error = NULL;
  Peer bob;

  know (GIVEN);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_unless (vm_rooms_join (rooms, &join, now, &text, NULL) != NULL);
  ticket = vm_rooms_use_ticket (rooms, text, join.key, now, NULL);
  know (REVOKED);
  peer_init (&bob);
  fail_unless (vm_rooms_take_seat (rooms, ticket, hello, &bob, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  g_clear_error (&error);
  peer_clear (&bob);

  know (GIVEN);
  fail_unless (come (&bob, NATIVE, NULL, NULL));
  vm_member_lose (bob.member, now);
  fail_unless (
      vm_rooms_find_lost (rooms, bob.token, join.key, now, NULL) != NULL);
  know (REVOKED);
  fail_unless (
      vm_rooms_find_lost (rooms, bob.token, join.key, now, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  know (NOTHING);
  peer_clear (&bob);
}

GST_END_TEST;

/* This device's other processes are trusted; its host stays whatever comes. */
GST_START_TEST (test_own)
{
  VmJoin join = { .meeting = "standup",
    .user = "Ann",
    .group = "10.0.0.2",
    .key = vm_identity_get_key_hash (f.me) };
  g_autofree gchar *text = NULL;

  know (REVOKED);
  vm_rooms_set_policy (rooms, VM_POLICY_REQUIRE);
  fail_unless (vm_rooms_join (rooms, &join, now, &text, NULL) != NULL);
  vm_rooms_check (rooms);
  fail_if (host.closed);
  know (NOTHING);
}

GST_END_TEST;

static Suite *
roomstrust_suite (void)
{
  Suite *suite = suite_create ("roomstrust");
  TCase *tests = tcase_create ("admission");

  tcase_add_checked_fixture (tests, trust_setup, trust_teardown);
  tcase_add_loop_test (tests, test_policies, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tests, test_names_are_not_to_be_guessed);
  tcase_add_test (tests, test_without_a_store);
  tcase_add_test (tests, test_strangers_are_told_little);
  tcase_add_test (tests, test_before_the_pin);
  tcase_add_test (tests, test_tokens);
  tcase_add_test (tests, test_removed_guest);
  tcase_add_test (tests, test_removed_guests);
  tcase_add_test (tests, test_names_are_labels);
  tcase_add_test (tests, test_revoked_inside);
  tcase_add_test (tests, test_named_by_another_meanwhile);
  tcase_add_test (tests, test_named_by_another_under_open);
  tcase_add_test (tests, test_known_better_meanwhile);
  tcase_add_test (tests, test_remembered_meanwhile);
  tcase_add_test (tests, test_trusted_under_another_name);
  tcase_add_test (tests, test_revoked_in_the_state);
  tcase_add_test (tests, test_met);
  tcase_add_loop_test (tests, test_expired_inside, 0, 2);
  tcase_add_test (tests, test_policy_tightened);
  tcase_add_test (tests, test_revoked_on_the_way);
  tcase_add_test (tests, test_own);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (roomstrust)
