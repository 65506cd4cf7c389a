/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file over a stream whose engine is elsewhere: the test plays the engine,
 * and the peer. */

#include "program.h"
#include "support/p2plink.h"

#include <gst/videomeet/transfer/message/messagestructure.h>
#include <gst/videomeet/transfer/p2p/p2pfile.h>
#include <gst/videomeet/transfer/p2p/p2pforward.h>

#include <string.h>

#define ID "2a448d6b-6d52-43f4-b634-8c167129f2a6"
#define HASH "0000000000000000000000000000000000000000000000000000000000000000"
#define META                                                          \
  "{\"name\":\"a\",\"size\":0,\"id\":\"" ID "\",\"chunkSize\":65536," \
  "\"hashes\":true}"
#define TURNS 1000 /* in which a call that does not wait returns */

typedef struct
{
  VmP2pForward *forward;
  VmP2pPipe *near, *far;
  VmP2pMessage first;
  VmP2pReceive receive;
  gint heard; /* messages that the engine got; atomic */
  gint ended; /* its last call; atomic */
  gboolean silent; /* it does not say that the file is verified */
  gboolean leaves; /* it is gone once it has said so */
  gboolean good;
  GError *error;
} Side;

static VmTransferMessage *
message_new (VmTransferType type)
{
  VmTransferMessage *message = vm_transfer_message_new (type, ID);

  message->accept = TRUE;
  message->encoding = VM_TRANSFER_ENCODING_BINARY;
  message->encodings = VM_TRANSFER_ENCODING_BINARY | VM_TRANSFER_ENCODING_JSON;
  message->verified = TRUE;
  message->has_hash = TRUE;
  return message;
}

/* Takes @message. */
static gboolean
put (VmP2pForward *forward, VmTransferMessage *message, GError **error)
{
  g_autoptr (VmTransferMessage) owned = message;
  g_autoptr (GstStructure) s = vm_transfer_message_to_structure (message);

  return vm_p2p_forward_put (forward, s, message->data, error);
}

static void
put_good (VmP2pForward *forward, VmTransferMessage *message)
{
  g_autoptr (GError) error = NULL;

  put (forward, message, &error);
  g_assert_no_error (error);
}

static VmTransferMessage *
offer_new (gint64 size, gint64 chunk_size)
{
  VmTransferMessage *offer = message_new (VM_TRANSFER_FILE_OFFER);

  offer->filename = g_strdup ("a");
  offer->size = size;
  offer->chunk_size = chunk_size;
  return offer;
}

static VmTransferMessage *
chunk_new (gint64 index, gsize size)
{
  VmTransferMessage *chunk = message_new (VM_TRANSFER_CHUNK_DATA);

  chunk->index = index;
  chunk->data = g_bytes_new_take (g_malloc0 (size), size);
  return chunk;
}

static VmTransferMessage *
complete_new (void)
{
  VmTransferMessage *complete = message_new (VM_TRANSFER_COMPLETE);

  complete->total = 1;
  return complete;
}

static void
leave (Side *side)
{
  g_autoptr (GError) why =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "stopped");

  vm_p2p_forward_leave (side->forward, why);
}

/* Accepts what is offered, sends a file of 5 bytes, and verifies. */
static gboolean
engine (VmP2pForward *forward, const GstStructure *message, GBytes *data,
    gpointer user_data)
{
  Side *side = user_data;

  if (!message) {
    g_atomic_int_inc (&side->ended);
    return FALSE;
  }
  g_atomic_int_inc (&side->heard);
  if (gst_structure_has_name (message, "FILE_OFFER"))
    put_good (forward, message_new (VM_TRANSFER_FILE_RESPONSE));
  else if (gst_structure_has_name (message, "FILE_RESPONSE"))
    put_good (forward, chunk_new (0, 5));
  else if (gst_structure_has_name (message, "CHUNK_ACK"))
    put_good (forward, complete_new ());
  else if (gst_structure_has_name (message, "TRANSFER_COMPLETE")
           && !side->silent)
    put_good (forward, message_new (VM_TRANSFER_VERIFIED));
  if (gst_structure_has_name (message, "TRANSFER_COMPLETE") && side->leaves)
    leave (side);
  return TRUE;
}

static void
side_init (Side *side, gboolean sends)
{
  *side = (Side){ 0 };
  vm_p2p_pipe_new_pair (16 * 1024 * 1024, &side->near, &side->far);
  side->forward = vm_p2p_forward_new (sends, engine, side, NULL);
}

static void
side_clear (Side *side)
{
  vm_p2p_forward_unref (side->forward);
  vm_p2p_pipe_free (side->near);
  vm_p2p_pipe_free (side->far);
  g_clear_error (&side->error);
}

static gpointer
run (gpointer data)
{
  Side *side = data;

  side->good = vm_p2p_forward_run (side->forward, side->near,
      side->first.body ? &side->first : NULL, &side->receive, &side->error);
  return NULL;
}

GST_START_TEST (chunks_fit_into_a_message)
{
  for (gint more = -1; more <= 1; more++) {
    Side side;
    g_autoptr (GError) error = NULL;

    side_init (&side, TRUE);
    if (put (side.forward, offer_new (5, VM_P2P_FILE_CHUNK_MAX + more), &error))
      fail_unless (more <= 0);
    else
      g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
    fail_unless_equals_int (error == NULL, more <= 0);
    side_clear (&side);
  }
}

GST_END_TEST;

static gpointer
put_one_more (gpointer data)
{
  Side *side = data;

  g_atomic_int_inc (&side->heard);
  side->good = put (side->forward, chunk_new (4, 1), &side->error);
  g_atomic_int_inc (&side->ended);
  return NULL;
}

/* Who has filled the queue waits until it is flushed, or over. */
GST_START_TEST (chunks_wait_up_to_a_limit)
{
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) why = g_error_new (VM_ERROR, VM_ERROR_TIMEOUT, "late");
    Side side;
    GThread *thread;

    side_init (&side, TRUE);
    put_good (side.forward, offer_new (100000000, 65536));
    for (guint n = 0; n < VM_P2P_FORWARD_WAITING_MAX / 1048576; n++)
      put_good (side.forward, chunk_new (n, 1048576));
    thread = g_thread_new ("one-more", put_one_more, &side);
    while (!g_atomic_int_get (&side.heard))
      g_thread_yield ();
    for (guint n = 0; n < TURNS; n++)
      g_thread_yield ();
    fail_unless_equals_int (g_atomic_int_get (&side.ended), 0);
    if (i == 0)
      vm_p2p_forward_set_flushing (side.forward, TRUE);
    else
      vm_p2p_forward_end (side.forward, why);
    g_thread_join (thread);
    fail_unless (!side.good);
    if (i == 0)
      g_assert_error (side.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    else
      g_assert_error (side.error, VM_ERROR, VM_ERROR_TIMEOUT);
    side_clear (&side);
  }
}

GST_END_TEST;

/* A peer that does not read what it is told loses its transfer. */
GST_START_TEST (messages_wait_up_to_a_limit)
{
  Side side;
  g_autoptr (GError) error = NULL;

  side_init (&side, FALSE);
  for (guint i = 0; i < VM_P2P_FORWARD_MESSAGES_MAX; i++)
    put_good (side.forward, message_new (VM_TRANSFER_PAUSE));
  fail_unless (!put (side.forward, message_new (VM_TRANSFER_PAUSE), &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  fail_unless (!vm_p2p_forward_is_told (side.forward));
  side_clear (&side);
}

GST_END_TEST;

/* To a peer that knows the base protocol only. */
GST_START_TEST (a_base_peer_gets_a_file)
{
  Side side;
  GThread *thread;
  g_autoptr (GBytes) chunk = NULL;
  g_autofree gchar *meta = NULL, *done = NULL;

  side_init (&side, TRUE);
  put_good (side.forward, offer_new (5, 65536));
  /* it is said again until it is answered */
  put_good (side.forward, offer_new (5, 65536));
  thread = g_thread_new ("run", run, &side);
  meta = p2p_hear_json (side.far, VM_P2P_FILE_META);
  p2p_say (side.far, VM_P2P_FILE_ACK, "{\"last_offset\":0}");
  chunk = p2p_hear (side.far, VM_P2P_FILE_CHUNK);
  fail_unless_equals_int (g_bytes_get_size (chunk), 8 + 5);
  done = p2p_hear_json (side.far, VM_P2P_FILE_DONE);
  p2p_say (side.far, VM_P2P_FILE_ACK, "{\"last_offset\":5}");
  g_thread_join (thread);
  g_assert_no_error (side.error);
  fail_unless (side.good);
  fail_unless (vm_p2p_forward_is_told (side.forward));
  fail_unless_equals_int (side.ended, 1);
  side_clear (&side);
}

GST_END_TEST;

/* @like: how the engine is. */
static void
begin_receive_like (Side *side, const Side *like, GThread **thread)
{
  side_init (side, FALSE);
  side->silent = like->silent;
  side->leaves = like->leaves;
  p2p_say (side->far, VM_P2P_FILE_META, META);
  side->first.body = vm_p2p_pipe_receive (
      side->near, P2P_WAIT, &side->first.type, &side->error);
  g_assert_no_error (side->error);
  *thread = g_thread_new ("run", run, side);
}

static void
begin_receive (Side *side, GThread **thread)
{
  const Side usual = { 0 };

  begin_receive_like (side, &usual, thread);
}

/* What follows a file on its stream is left to the next handler. */
GST_START_TEST (the_next_file_is_left_alone)
{
  Side side;
  GThread *thread;
  guint8 type = 0;
  g_autoptr (GBytes) next = NULL;

  begin_receive (&side, &thread);
  g_bytes_unref (p2p_hear (side.far, VM_P2P_FILE_CONTROL));
  g_bytes_unref (p2p_hear (side.far, VM_P2P_FILE_ACK));
  p2p_say (side.far, VM_P2P_FILE_DONE, "{\"hash\":\"" HASH "\"}");
  p2p_say (side.far, VM_P2P_FILE_META, META);
  g_thread_join (thread);
  g_assert_no_error (side.error);
  fail_unless (vm_p2p_forward_is_told (side.forward));
  next = vm_p2p_pipe_receive (side.near, P2P_WAIT, &type, NULL);
  fail_unless_equals_int (type, VM_P2P_FILE_META);
  g_bytes_unref (side.first.body);
  side_clear (&side);
}

GST_END_TEST;

static gboolean
refuse (const VmP2pOffer *offer, gchar **reason, gpointer data)
{
  *reason = g_strdup ("not that one");
  return FALSE;
}

/* What the agent does not allow, the engine does not hear of. */
GST_START_TEST (the_agent_decides_first)
{
  Side side;
  g_autoptr (GBytes) said = NULL;
  g_autofree gchar *text = NULL;

  side_init (&side, FALSE);
  side.receive.accept = refuse;
  side.first.type = VM_P2P_FILE_META;
  side.first.body = said = g_bytes_new_static (META, strlen (META));
  run (&side);
  g_assert_error (side.error, VM_ERROR, VM_ERROR_DECLINED);
  fail_unless_equals_int (side.heard, 0);
  fail_unless_equals_int (side.ended, 1);
  g_bytes_unref (p2p_hear (side.far, VM_P2P_FILE_CONTROL));
  text = p2p_hear_json (side.far, VM_P2P_FILE_DONE);
  fail_unless (strstr (text, "not that one") != NULL, "%s", text);
  side_clear (&side);
}

GST_END_TEST;

/* A stream that breaks, and a peer that says what has no place. */
GST_START_TEST (it_ends_with_its_stream)
{
  static const gint codes[] = { VM_ERROR_DISCONNECTED, VM_ERROR_BAD_MESSAGE };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    Side side;
    GThread *thread;

    begin_receive (&side, &thread);
    if (i == 0)
      vm_p2p_pipe_close (side.far, NULL);
    else
      p2p_say (side.far, VM_P2P_FILE_META, META);
    g_thread_join (thread);
    g_assert_error (side.error, VM_ERROR, codes[i]);
    fail_unless (!vm_p2p_forward_is_told (side.forward));
    fail_unless (vm_p2p_forward_drain (side.forward));
    g_bytes_unref (side.first.body);
    side_clear (&side);
  }
}

GST_END_TEST;

/* An engine that is gone, before its last word and after it. */
GST_START_TEST (it_ends_with_its_engine)
{
  for (guint i = 0; i < 2; i++) {
    const Side like = { .silent = i == 0, .leaves = i == 1 };
    Side side;
    GThread *thread;

    begin_receive_like (&side, &like, &thread);
    g_bytes_unref (p2p_hear (side.far, VM_P2P_FILE_CONTROL));
    g_bytes_unref (p2p_hear (side.far, VM_P2P_FILE_ACK));
    p2p_say (side.far, VM_P2P_FILE_DONE, "{\"hash\":\"" HASH "\"}");
    if (i == 0) {
      while (g_atomic_int_get (&side.heard) < 2)
        g_thread_yield ();
      leave (&side);
    } else {
      g_bytes_unref (p2p_hear (side.far, VM_P2P_FILE_DONE));
    }
    g_thread_join (thread);
    if (i == 0)
      g_assert_error (side.error, VM_ERROR, VM_ERROR_DISCONNECTED);
    else
      g_assert_no_error (side.error);
    fail_unless_equals_int (vm_p2p_forward_is_told (side.forward), i == 1);
    g_bytes_unref (side.first.body);
    side_clear (&side);
  }
}

GST_END_TEST;

static Suite *
p2pforward_suite (void)
{
  Suite *suite = suite_create ("p2pforward");
  TCase *tc = tcase_create ("general");

  tcase_add_test (tc, chunks_fit_into_a_message);
  tcase_add_test (tc, chunks_wait_up_to_a_limit);
  tcase_add_test (tc, messages_wait_up_to_a_limit);
  tcase_add_test (tc, a_base_peer_gets_a_file);
  tcase_add_test (tc, the_next_file_is_left_alone);
  tcase_add_test (tc, the_agent_decides_first);
  tcase_add_test (tc, it_ends_with_its_stream);
  tcase_add_test (tc, it_ends_with_its_engine);
  suite_add_tcase (suite, tc);
  return suite;
}

CHECK_PROGRAM (p2pforward)
