/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stays in a room of a server, and takes and shares what others send and
 * sync. */

#include "agent/agentrun.h"
#include "cmd/commands.h"
#include "cmd/transfer.h"
#include "term/termserve.h"
#include "typed/reader.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A server that is not there yet is tried again; the pauses double. */
#define PAUSE_MIN 1 /* s */
#define PAUSE_MAX 30 /* s */

/* To the user, whether to take something. */
typedef struct
{
  guint number;
  VmAgentTransfer *transfer; /* as it was offered */
  gboolean shown;
} Question;

typedef struct
{
  VmtAgentRun *run;
  GQueue asked; /* of Question, in their order */
  guint n_asked;
  guint pause; /* s */
  VmtReader *typed; /* NULL: nobody types */
  VmtTermServe *term; /* or NULL */
} Agent;

static void start (Agent *self);

/* Questions: the first is shown, the others wait for its answer. */

static void
question_free (gpointer data)
{
  Question *question = data;

  vm_agent_transfer_free (question->transfer);
  g_free (question);
}

static gchar *
words_of (const Question *question)
{
  const VmAgentTransfer *transfer = question->transfer;
  g_autofree gchar *name = vmt_text_safe (transfer->name);
  g_autofree gchar *user = vmt_text_safe (transfer->user);
  g_autofree gchar *size = g_format_size (transfer->size);

  if (transfer->kind == VM_AGENT_KIND_SYNC)
    return g_strdup_printf (
        "%s (%s) syncs “%s”", user, transfer->device_id, name);
  return g_strdup_printf (
      "%s (%s) sends “%s” (%s)", user, transfer->device_id, name, size);
}

static void
show (Agent *self)
{
  Question *question = g_queue_peek_head (&self->asked);
  g_autofree gchar *words = NULL;
  JsonObject *event;

  if (!question || question->shown)
    return;
  question->shown = TRUE;
  words = words_of (question);
  event = vmt_event_new ("question");
  json_object_set_int_member (event, "number", question->number);
  json_object_set_int_member (
      event, "transferId", (gint64) question->transfer->id);
  vmt_event_add_string (event, "deviceId", question->transfer->device_id);
  vmt_event_add_string (event, "user", question->transfer->user);
  vmt_event_add_string (event, "name", question->transfer->name);
  vmt_output_event (self->run->output, event);
  vmt_output_line (self->run->output, VMT_STYLE_STRONG,
      "Question %u: %s. Let it? y: yes, n: no, always: yes, and trust that "
      "device from now on",
      question->number, words);
}

static void
say_nobody (Agent *self)
{
  vmt_output_warning (self->run->output, NULL,
      "There is nobody to ask: run this at a terminal and type y or n, or "
      "with --accept auto.");
}

static void
on_offer (VmAgent *agent, const VmAgentTransfer *transfer, gpointer data)
{
  Agent *self = data;
  Question *question;

  if (!self->typed) {
    vm_agent_answer (agent, transfer->id, FALSE);
    say_nobody (self);
    return;
  }
  question = g_new0 (Question, 1);
  question->number = ++self->n_asked;
  question->transfer = vm_agent_transfer_copy (transfer);
  g_queue_push_tail (&self->asked, question);
  show (self);
}

/* Nobody waits for the answer any more. */
static void
on_transfer (VmAgent *agent, const VmAgentTransfer *transfer, gpointer data)
{
  Agent *self = data;

  if (transfer->state != VM_TRANSFER_STATE_COMPLETED
      && transfer->state != VM_TRANSFER_STATE_FAILED)
    return;
  for (GList *i = self->asked.head; i; i = i->next) {
    Question *question = i->data;

    if (question->transfer->id != transfer->id)
      continue;
    if (question->shown)
      vmt_output_line (self->run->output, VMT_STYLE_FAINT,
          "Question %u needs no answer any more.", question->number);
    g_queue_delete_link (&self->asked, i);
    question_free (question);
    show (self);
    return;
  }
}

static void
trust (Agent *self, const Question *question)
{
  const VmAgentTransfer *transfer = question->transfer;
  g_autofree gchar *user = vmt_text_safe (transfer->user);
  g_autoptr (GError) error = NULL;

  if (vm_agent_trust (self->run->agent, transfer->device_id,
          VM_PERMISSIONS_FILE | VM_PERMISSIONS_FOLDER, &error)) {
    vmt_output_line (self->run->output, VMT_STYLE_GOOD,
        "The device %s of %s is trusted from now on; videomeet trust revoke "
        "%s takes that back.",
        transfer->device_id, user, transfer->device_id);
  } else {
    g_autofree gchar *why = vmt_text_safe (error->message);

    vmt_output_warning (self->run->output, vm_error_get_code (error), why);
  }
}

static void
take_answer (Agent *self, const gchar *answer)
{
  Question *question = g_queue_pop_head (&self->asked);
  gboolean accept = strcmp (answer, "n") != 0;
  g_autofree gchar *words = words_of (question);

  vmt_output_line (self->run->output, VMT_STYLE_PLAIN, "Question %u: %s: %s.",
      question->number, accept ? "yes" : "no", words);
  if (strcmp (answer, "always") == 0)
    trust (self, question);
  vm_agent_answer (self->run->agent, question->transfer->id, accept);
  question_free (question);
  show (self);
}

static void
on_line (const gchar *text, gpointer data)
{
  Agent *self = data;
  g_autofree gchar *line = g_strstrip (g_strdup (text ? text : ""));

  if (!g_queue_is_empty (&self->asked)
      && (strcmp (line, "y") == 0 || strcmp (line, "n") == 0
          || strcmp (line, "always") == 0))
    take_answer (self, line);
}

static void
on_typed_end (gpointer data)
{
  Agent *self = data;
  Question *question;

  g_clear_pointer (&self->typed, vmt_reader_free);
  if (!g_queue_is_empty (&self->asked))
    say_nobody (self);
  while ((question = g_queue_pop_head (&self->asked))) {
    vm_agent_answer (self->run->agent, question->transfer->id, FALSE);
    question_free (question);
  }
}

/* Start */

static gboolean
on_pause_over (gpointer data)
{
  start (data);
  return G_SOURCE_REMOVE;
}

static gboolean
is_passing (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT)
         || g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND);
}

static gchar *
word (const gchar *text)
{
  g_autofree gchar *safe = vmt_text_safe (text);

  return g_regex_match_simple ("^[\\w.:/@+-]+$", safe, 0, 0)
             ? g_steal_pointer (&safe)
             : g_shell_quote (safe);
}

/* What others do there. */
static void
tell_how (Agent *self)
{
  const VmtOptions *options = self->run->options;
  VmtOutput *output = self->run->output;
  g_autofree gchar *user = NULL;
  g_autofree gchar *name = NULL;
  g_autofree gchar *server = word (options->server);
  g_autofree gchar *room = word (options->room);

  g_object_get (self->run->agent, "user", &user, NULL);
  name = word (user);
  if (options->files_dir)
    vmt_output_line (output, VMT_STYLE_PLAIN,
        "Others send by:  videomeet send FILE %s --server %s --room %s", name,
        server, room);
  if (options->share_dir)
    vmt_output_line (output, VMT_STYLE_PLAIN,
        "Others sync by:  videomeet sync DIR %s:FOLDER --server %s --room %s",
        name, server, room);
  if (options->term)
    vmt_output_line (output, VMT_STYLE_PLAIN,
        "Others watch by: videomeet term view %s --server %s --room %s", name,
        server, room);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  Agent *self = data;
  g_autoptr (GError) error = NULL;

  if (vm_agent_start_finish (VM_AGENT (source), result, &error)) {
    vmt_agent_run_tell_ready (self->run);
    tell_how (self);
    if (self->run->options->term)
      self->term = vmt_term_serve_new (self->run);
  } else if (self->run->interrupted) {
    return;
  } else if (is_passing (error)) {
    g_autofree gchar *why = vmt_text_safe (error->message);
    g_autofree gchar *text = g_strdup_printf (
        "%s; it is tried again until the server is there.", why);

    if (!self->run->lost)
      vmt_output_warning (self->run->output, vm_error_get_code (error), text);
    self->run->lost = TRUE;
    g_timeout_add_seconds (self->pause, on_pause_over, self);
    self->pause = MIN (2 * self->pause, PAUSE_MAX);
  } else {
    vmt_agent_run_fail (self->run, error);
    vmt_agent_run_quit (self->run);
  }
}

static void
start (Agent *self)
{
  vm_agent_start_async (self->run->agent, NULL, on_started, self);
}

static gboolean
make_folders (const VmtOptions *options, VmtOutput *output)
{
  g_autoptr (GError) error = NULL;

  if ((!options->files_dir
          || vmt_transfer_make_folder (options->files_dir, &error))
      && (!options->share_dir
          || vmt_transfer_make_folder (options->share_dir, &error)))
    return TRUE;
  vmt_output_error (output, vm_error_get_code (error), error->message);
  return FALSE;
}

gint
vmt_cmd_agent (const VmtOptions *options, VmtOutput *output, gint64 start_us)
{
  Agent self = { .pause = PAUSE_MIN };
  gint status;

  if (!make_folders (options, output))
    return VMT_EXIT_FAILED;
  self.run = vmt_agent_run_new (options, output);
  if (!self.run)
    return VMT_EXIT_FAILED;
  g_signal_connect (self.run->agent, "offer", G_CALLBACK (on_offer), &self);
  g_signal_connect (
      self.run->agent, "transfer", G_CALLBACK (on_transfer), &self);
  /* a program that reads the questions may answer them, too */
  if (options->accept == VM_ACCEPT_ASK
      && (isatty (STDIN_FILENO) || options->json))
    self.typed = vmt_reader_new (on_line, on_typed_end, &self);
  start (&self);
  vmt_agent_run_loop (self.run);
  g_clear_pointer (&self.typed, vmt_reader_free);
  while (g_source_remove_by_user_data (&self))
    continue;
  g_signal_handlers_disconnect_by_data (self.run->agent, &self);
  g_clear_pointer (&self.term, vmt_term_serve_free);
  status = self.run->status;
  vmt_agent_run_free (self.run);
  g_queue_clear_full (&self.asked, question_free);
  return status;
}
