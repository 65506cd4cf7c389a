/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Takes the files that other devices send, into a folder. */

#include "cmd/commands.h"
#include "cmd/device.h"
#include "ui/digits.h"
#include "typed/hangup.h"
#include "session/session-trust.h"
#include "cmd/transfer.h"
#include "typed/reader.h"

#include <glib-unix.h>
#include <unistd.h>

#define ID_SHOWN 9 /* characters of a device's id: two groups */

typedef struct
{
  const VmtOptions *options;
  VmtOutput *output;
  VmNode *node;
  VmTrustStore *store;
  VmFileReceiver *receiver;
  VmtSessionTrust *trust;
  GMainLoop *loop;
  GHashTable *rates; /* id of a transfer -> VmtRate */
  GQueue asked; /* of Question; the user is asked the first, then the next */
  guint shown; /* how often somebody had asked for trust when that was shown */
  VmtReader *typed; /* or NULL: nobody is asked */
  gboolean over; /* nothing is typed any more */
} Receiving;

/* That waits for an answer. */
typedef struct
{
  gchar *id; /* of the transfer */
  gchar *text;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_free (question->id);
  g_free (question->text);
  g_free (question);
}

/* What the receiver's thread has said, on the main one. */
typedef struct
{
  Receiving *self;
  GstStructure *transfer;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  gst_structure_free (news->transfer);
  g_free (news);
}

/* Whom the trust store knows by that key; else the beginning of its id, and
 * what it says of itself. */
static gchar *
name_of (Receiving *self, const GstStructure *transfer)
{
  const gchar *device_id = gst_structure_get_string (transfer, "from");
  const gchar *user = gst_structure_get_string (transfer, "user");
  g_autofree gchar *said = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts =
      vm_trust_store_know (self->store, device_id, NULL, NULL, now);

  if (facts->user) {
    g_autofree gchar *known = vmt_asker_name (facts->user);

    return g_strdup_printf ("“%s”", known);
  }
  if (!user)
    return g_strdup_printf ("The unknown device %.*s", ID_SHOWN, device_id);
  said = vmt_asker_name (user);
  return g_strdup_printf (
      "The unknown device %.*s (“%s”, it says)", ID_SHOWN, device_id, said);
}

static void
decline_all (Receiving *self)
{
  Question *question;

  vmt_output_warning (self->output, NULL,
      "There is nobody to ask: run this at a terminal and type y or n, or "
      "with --accept auto.");
  while ((question = g_queue_pop_head (&self->asked))) {
    vm_file_receiver_decline (
        self->receiver, question->id, "Nobody is there to ask");
    question_free (question);
  }
}

/* The first, once those before it are answered: no answer is meant for
 * another. */
static void
ask_next (Receiving *self)
{
  const Question *question = g_queue_peek_head (&self->asked);

  if (question && self->over)
    decline_all (self);
  else if (question)
    vmt_output_line (
        self->output, VMT_STYLE_STRONG, "%s: take it? [y/n]", question->text);
  self->shown = vmt_session_trust_get_asked (self->trust);
}

static void
ask (Receiving *self, const GstStructure *transfer)
{
  g_autofree gchar *name = vmt_transfer_name (transfer);
  g_autofree gchar *who = name_of (self, transfer);
  g_autofree gchar *size = NULL;
  Question *question = g_new (Question, 1);
  guint64 bytes = 0;

  gst_structure_get_uint64 (transfer, "size", &bytes);
  size = g_format_size (bytes);
  question->id = g_strdup (gst_structure_get_string (transfer, "transferId"));
  question->text = g_strdup_printf ("%s sends “%s” (%s)", who, name, size);
  g_queue_push_tail (&self->asked, question);
  if (self->asked.length == 1)
    ask_next (self);
}

static gint
compare_id (gconstpointer question, gconstpointer id)
{
  return g_strcmp0 (((const Question *) question)->id, id);
}

/* It is answered, or not offered any more: then the next is asked about. */
static void
forget_asked (Receiving *self, const gchar *id)
{
  GList *found = g_queue_find_custom (&self->asked, id, compare_id);
  gboolean first = found && found == self->asked.head;

  if (!found)
    return;
  question_free (found->data);
  g_queue_delete_link (&self->asked, found);
  if (first)
    ask_next (self);
}

static VmtRate *
rate_of (Receiving *self, const gchar *id)
{
  VmtRate *rate = g_hash_table_lookup (self->rates, id);

  if (!rate) {
    rate = g_new0 (VmtRate, 1);
    g_hash_table_insert (self->rates, g_strdup (id), rate);
  }
  return rate;
}

static gboolean
on_news (gpointer data)
{
  News *news = data;
  Receiving *self = news->self;
  const gchar *id = gst_structure_get_string (news->transfer, "transferId");
  gboolean known = g_hash_table_contains (self->rates, id);
  VmtRate *rate = rate_of (self, id);
  VmTransferState state = VM_TRANSFER_STATE_PENDING;
  gboolean good = FALSE;
  g_autofree gchar *text = NULL, *warning = NULL;

  gst_structure_get (
      news->transfer, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  vmt_output_event (self->output, vmt_transfer_event (news->transfer));
  /* while it waits, the offer is told again and again */
  if (state == VM_TRANSFER_STATE_PENDING) {
    if (!known && self->options->accept == VM_ACCEPT_ASK)
      ask (self, news->transfer);
    return G_SOURCE_REMOVE;
  }
  vmt_transfer_follow (news->transfer, rate);
  text = vmt_transfer_result (news->transfer, rate, &good);
  if (text) {
    g_autofree gchar *kept = vmt_transfer_kept (news->transfer);

    vmt_output_ticker (self->output, NULL);
    vmt_output_line (self->output, good ? VMT_STYLE_GOOD : VMT_STYLE_BAD,
        "%s%s", text, kept);
    g_hash_table_remove (self->rates, id);
  } else {
    warning = vmt_transfer_warning (news->transfer, rate);
    if (warning)
      vmt_output_warning (self->output, NULL, warning);
    text = vmt_transfer_progress (news->transfer, rate);
    vmt_output_ticker (self->output, text);
  }
  forget_asked (self, id);
  return G_SOURCE_REMOVE;
}

static void
on_changed (
    VmFileReceiver *receiver, const GstStructure *transfer, gpointer user_data)
{
  News *news = g_new (News, 1);

  *news = (News){ user_data, gst_structure_copy (transfer) };
  g_idle_add_full (G_PRIORITY_DEFAULT, on_news, news, news_free);
}

/* Who asks for trust is answered first, as that question came last. */
static gboolean
answer_trust (Receiving *self, const gchar *line)
{
  gint64 now = g_get_monotonic_time ();

  if (!vmt_session_trust_is_asking (self->trust)
      || !vmt_session_trust_take_line (self->trust, line, now))
    return FALSE;
  if (!vmt_session_trust_is_asking (self->trust))
    ask_next (self);
  return TRUE;
}

static void
on_line (const gchar *line, gpointer user_data)
{
  Receiving *self = user_data;
  Question *question;
  gboolean yes;

  if (!self->asked.length && !vmt_session_trust_is_asking (self->trust))
    return;
  if (!line || !vmt_answer_parse (line, &yes)) {
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "Type y or n.");
    return;
  }
  if (answer_trust (self, line))
    return;
  /* one who asked for trust has given up meanwhile: that was for it */
  if (self->shown != vmt_session_trust_get_asked (self->trust)) {
    ask_next (self);
    return;
  }
  question = g_queue_pop_head (&self->asked);
  if (yes)
    vm_file_receiver_accept (self->receiver, question->id);
  else
    vm_file_receiver_decline (self->receiver, question->id, NULL);
  question_free (question);
  ask_next (self);
}

static void
on_typed_end (gpointer user_data)
{
  Receiving *self = user_data;

  self->over = TRUE;
  ask_next (self);
}

static gboolean
on_end (gpointer user_data)
{
  g_main_loop_quit (((Receiving *) user_data)->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
fail (Receiving *self, const GError *error)
{
  vmt_output_error (self->output, vm_error_get_code (error), error->message);
  return FALSE;
}

static gboolean
open_folder (Receiving *self, GError **error)
{
  const VmtOptions *options = self->options;

  if (!vmt_transfer_make_folder (options->target, error))
    return FALSE;
  self->receiver = vm_file_receiver_new (options->target);
  g_object_set (self->receiver, "overwrite", options->overwrite, "max-size",
      options->max_size, "quota", options->quota, "accept", options->accept,
      NULL);
  g_signal_connect (self->receiver, "changed", G_CALLBACK (on_changed), self);
  return vm_file_receiver_start (self->receiver, error);
}

static void
tell_ready (Receiving *self)
{
  JsonObject *event = vmt_event_new ("receiving");
  g_autofree gchar *user = NULL;
  g_autofree gchar *safe = vmt_text_safe (self->options->target);
  g_autofree gchar *valid = g_utf8_make_valid (self->options->target, -1);
  guint port = 0;

  g_object_get (self->node, "user", &user, "port", &port, NULL);
  vmt_event_add_string (event, "directory", valid);
  json_object_set_int_member (event, "port", port);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_FAINT,
      "Receiving in %s on port %u. Others type: videomeet send FILE '%s'. "
      "Ctrl-C ends.",
      safe, port, user);
}

static void
run (Receiving *self, gint64 start_us)
{
  gint64 elapsed_ms = (g_get_monotonic_time () - start_us) / 1000;

  g_unix_signal_add (SIGINT, on_end, self);
  g_unix_signal_add (SIGTERM, on_end, self);
  vmt_hangup_add (on_end, self);
  if (self->options->duration > 0)
    g_timeout_add (
        MAX (0, self->options->duration * 1000 - elapsed_ms), on_end, self);
  /* what others want to read from there is left to them */
  self->over = self->options->accept != VM_ACCEPT_ASK && !isatty (STDIN_FILENO);
  if (!self->over)
    self->typed = vmt_reader_new (on_line, on_typed_end, self);
  tell_ready (self);
  g_main_loop_run (self->loop);
  g_clear_pointer (&self->typed, vmt_reader_free);
  while (g_source_remove_by_user_data (self))
    continue;
}

static gboolean
receive (Receiving *self, gint64 start_us)
{
  const VmNodeRoles roles = VM_NODE_ROLES_ANNOUNCE;
  g_autoptr (GError) error = NULL;

  if (!open_folder (self, &error) || !vm_node_start (self->node, roles, &error))
    return fail (self, error);
  vm_node_set_file_receiver (self->node, self->receiver);
  run (self, start_us);
  vm_node_set_file_receiver (self->node, NULL);
  vm_node_stop (self->node, roles);
  return TRUE;
}

gint
vmt_cmd_receive (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  g_autoptr (VmNode) node = vmt_device_setup (options);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (NULL);
  Receiving self = {
    .options = options, .output = output, .node = node, .store = store
  };
  gboolean done;

  vmt_device_warn (node, output);
  self.trust =
      vmt_session_trust_new (node, options, output, NULL, &self.over, NULL);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.rates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  done = receive (&self, start_us);
  if (self.receiver)
    vm_file_receiver_stop (self.receiver);
  /* what its thread has said last */
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_clear_object (&self.receiver);
  vmt_session_trust_free (self.trust);
  vmt_output_ticker (output, NULL);
  g_queue_clear_full (&self.asked, question_free);
  g_hash_table_unref (self.rates);
  g_main_loop_unref (self.loop);
  return done ? VMT_EXIT_OK : VMT_EXIT_FAILED;
}
