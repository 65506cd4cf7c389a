/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/round.h"

#include "base/json/json.h"
#include "transfer/disk/diskfile.h"
#include "transfer/disk/filename.h"
#include "transfer/sync/disk/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define VERSION 1
/* Rounds that follow at once when something changed during the last one. */
#define ROUNDS_MAX 3
/* While nothing happens: how often the folder is looked at. */
#define IDLE_STEP (100 * 1000) /* µs */
#define RETRY_TIME (10 * G_USEC_PER_SEC) /* with watch, for what was left */

static const gchar *const types[] = { "create", "replace", "mode", "move",
  "delete", "conflict", "left" };

const gchar *
vm_sync_step_type_to_string (VmSyncStepType type)
{
  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (types), "left");

  return types[type];
}

void
vm_sync_request_clear (VmSyncRequest *request)
{
  g_clear_pointer (&request->folder, g_free);
}

gboolean
vm_sync_request_read (GBytes *body, VmSyncRequest *request, GError **error)
{
  VmJson json;
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  g_autofree gchar *mode = NULL;
  gint64 version = 0;

  *request = (VmSyncRequest){ 0 };
  if (!vm_json_read (&json, data, size, error)
      || !vm_json_get_string (&json, 0, "mode", 16, &mode, error)
      || !vm_json_get_string (
          &json, 0, "folder", VM_SYNC_PATH_MAX, &request->folder, error)
      || !vm_json_get_boolean (&json, 0, "dry_run", &request->dry_run, error)
      || !vm_json_get_boolean (&json, 0, "watch", &request->watch, error)
      || !vm_json_get_int (&json, 0, "version", 0, G_MAXINT, &version, error)) {
    vm_sync_request_clear (request);
    return FALSE;
  }
  if (!request->folder)
    request->folder = g_strdup ("");
  request->sync = g_strcmp0 (mode, "sync") == 0;
  request->extended = version >= VERSION;
  if (request->sync || g_strcmp0 (mode, "zip") == 0)
    return TRUE;
  vm_sync_request_clear (request);
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "A FOLDER_MODE is neither sync nor zip");
  return FALSE;
}

/* Made beside one that differs only so, it would be its conflict in a sync of
 * the folder above. */
static gboolean
has_no_twin (gint folder, const gchar *name, GError **error)
{
  g_autofree gchar *key = vm_filename_key (name);
  DIR *list = vm_disk_list (folder);
  const gchar *there = NULL;
  gboolean same = FALSE, whole;

  while (list && !same && (there = vm_disk_next_name (list))) {
    g_autofree gchar *other = vm_filename_key (there);

    same = strcmp (key, other) == 0;
  }
  whole = same || (list && errno == 0)
          || vm_disk_fail (error, "The folder cannot be read");
  if (same)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
        "The folder is there under a name that differs only in case, in "
        "normalisation or in characters that are not shown");
  if (list)
    closedir (list);
  return whole && !same;
}

static gint
open_below (gint folder, const gchar *name, gboolean create, GError **error)
{
  gint fd = vm_disk_open (folder, name, O_RDONLY | O_DIRECTORY);

  if (fd < 0 && errno == ENOENT) {
    if (!has_no_twin (folder, name, error))
      return -1;
    errno = ENOENT;
  }
  if (fd < 0 && errno == ENOENT && create
      && (mkdirat (folder, name, 0700) == 0 || errno == EEXIST))
    fd = vm_disk_open (folder, name, O_RDONLY | O_DIRECTORY);
  if (fd < 0)
    vm_disk_fail (error, "The folder cannot be opened");
  return fd;
}

gint
vm_sync_open_folder (
    gint share, const gchar *folder, gboolean create, GError **error)
{
  g_auto (GStrv) names = NULL;
  g_auto (VmFd) fd = -1;
  gint opened;

  if (!*folder)
    return open_below (share, ".", FALSE, error);
  if (!vm_sync_path_check (folder, error))
    return -1;
  names = g_strsplit (folder, "/", -1);
  for (guint i = 0; names[i]; i++) {
    opened = open_below (i ? fd : share, names[i], create, error);
    vm_fd_clear (&fd);
    if (opened < 0)
      return -1;
    fd = opened;
  }
  opened = fd;
  fd = -1;
  return opened;
}

static gboolean
send_mode (VmSyncRounds *self, GError **error)
{
  GString *text = g_string_new ("{");

  vm_json_append_member (text, "mode", "sync");
  vm_json_append_int (text, "version", VERSION);
  if (self->side == VM_SYNC_REQUESTER) {
    vm_json_append_member (
        text, "folder", self->config->folder ? self->config->folder : "");
    vm_json_append_boolean (text, "dry_run", self->config->dry_run);
    vm_json_append_boolean (text, "watch", self->config->watch);
  }
  g_string_append_c (text, '}');
  return vm_sync_session_send_text (
      self->session, VM_P2P_FOLDER_MODE, text, error);
}

/* What the requester wants. */
static gboolean
receive_mode (VmSyncRounds *self, VmSyncRequest *request, GError **error)
{
  g_autoptr (GBytes) body =
      self->config->first ? g_bytes_ref (self->config->first) : NULL;
  guint8 type = VM_P2P_FOLDER_MODE;

  if (!body)
    body =
        vm_sync_session_receive (self->session, VM_SYNC_PATIENCE, &type, error);
  if (!body)
    return FALSE;
  if (type == VM_P2P_FOLDER_MODE) {
    if (!vm_sync_request_read (body, request, error))
      return FALSE;
    if (request->sync) {
      vm_sync_session_set_extended (self->session, request->extended);
      return !request->extended || send_mode (self, error);
    }
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The first message does not ask for a sync");
  return FALSE;
}

/* {"name":true} */
static gboolean
send_word (VmSyncRounds *self, const gchar *name, GError **error)
{
  GString *text = g_string_new ("{");

  vm_json_append_boolean (text, name, TRUE);
  g_string_append_c (text, '}');
  return vm_sync_session_send_text (
      self->session, VM_P2P_SYNC_PLAN, text, error);
}

/* Whether the own folder is another one than after the last round. */
static gboolean
look (VmSyncRounds *self, gboolean *changed, GError **error)
{
  VmSyncTree *tree = vm_sync_rounds_scan (self, NULL, error);
  gchar *digest;

  if (!tree)
    return FALSE;
  digest = vm_sync_tree_digest (tree);
  *changed = g_strcmp0 (digest, self->digest) != 0;
  g_clear_pointer (&self->known, vm_sync_tree_free);
  self->known = tree;
  g_free (self->digest);
  self->digest = digest;
  return TRUE;
}

static gboolean
is_gone (VmSyncRounds *self, gint64 now, GError **error)
{
  if (now - self->session->heard < VM_SYNC_PATIENCE)
    return FALSE;
  g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
      "The other side says nothing any more");
  return TRUE;
}

/* Reads the message that begins a round, or one that asks for one. */
static gboolean
poll_peer (VmSyncRounds *self, gboolean *round, GError **error)
{
  g_autoptr (GError) problem = NULL;
  guint8 type;
  g_autoptr (GBytes) body =
      vm_sync_session_receive (self->session, IDLE_STEP, &type, &problem);

  if (!body) {
    if (g_error_matches (problem, VM_ERROR, VM_ERROR_TIMEOUT))
      return TRUE;
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (type != VM_P2P_SYNC_PLAN) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A message of type %u came between two rounds", type);
    return FALSE;
  }
  *round = self->side == VM_SYNC_TARGET || self->session->again;
  return TRUE;
}

/* Waits for a change on either side. The requester begins a round, the target
 * asks it to. */
static gboolean
wait_for_change (VmSyncRounds *self, GError **error)
{
  gint64 began = g_get_monotonic_time ();
  gboolean round = FALSE;

  while (!round) {
    gint64 now = g_get_monotonic_time ();
    gboolean changed = FALSE;

    if (is_gone (self, now, error) || !poll_peer (self, &round, error))
      return FALSE;
    if (round)
      break;
    if (vm_sync_watch_check (self->watch, now) && !look (self, &changed, error))
      return FALSE;
    if (self->side == VM_SYNC_REQUESTER)
      round = changed || self->session->again
              || (self->failed && now - began >= RETRY_TIME);
    else if (changed && !send_word (self, "again", error))
      return FALSE;
  }
  self->session->again = FALSE;
  return TRUE;
}

/* The target waits for the word that begins a round. */
static gboolean
begin_round (VmSyncRounds *self, gboolean announced, GError **error)
{
  guint8 type;
  g_autoptr (GBytes) body = NULL;

  if (self->side == VM_SYNC_REQUESTER)
    return send_word (self, "round", error);
  if (announced)
    return TRUE;
  body =
      vm_sync_session_receive (self->session, VM_SYNC_PATIENCE, &type, error);
  if (!body)
    return FALSE;
  if (type == VM_P2P_SYNC_PLAN)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "A message of type %u came in place of the next round", type);
  return FALSE;
}

static gboolean
run_rounds (VmSyncRounds *self, gboolean watch, GError **error)
{
  guint tries = 1;

  for (;;) {
    gboolean waited = FALSE;

    if (!vm_sync_round (self, NULL, error))
      return FALSE;
    if (self->dry_run) {
      vm_sync_rounds_tell_left (self, NULL);
      return TRUE;
    }
    if (self->failed == 0 || tries >= ROUNDS_MAX || !self->session->extended) {
      gboolean same = vm_sync_rounds_tell_left (self, watch ? NULL : error);

      if (!watch || !self->session->extended) {
        self->session->told = TRUE; /* by SYNC_DONE */
        return same;
      }
      if (!wait_for_change (self, error))
        return FALSE;
      waited = TRUE;
      tries = 0;
    }
    tries++;
    if (!begin_round (self, waited, error))
      return FALSE;
  }
}

static gboolean
run (VmSyncRounds *self, GError **error)
{
  g_auto (VmSyncRequest) request = { 0 };
  g_autoptr (VmSyncWatch) watch = NULL;

  if (self->side == VM_SYNC_REQUESTER) {
    request.dry_run = self->config->dry_run;
    request.watch = self->config->watch;
    if (!send_mode (self, error))
      return FALSE;
  } else if (!receive_mode (self, &request, error)) {
    return FALSE;
  }
  if (!vm_sync_rounds_open (self, FALSE, error))
    return FALSE;
  self->dry_run = request.dry_run;
  if (request.watch)
    watch = vm_sync_watch_new ();
  self->watch = watch;
  return run_rounds (self, request.watch, error);
}

gboolean
vm_sync_run (VmP2pPipe *pipe, VmSyncSide side, const VmSyncConfig *config,
    GError **error)
{
  VmSyncSession session;
  VmSyncRounds rounds = {
    .session = &session,
    .side = side,
    .config = config,
    .root = config->open_root ? -1 : config->root,
  };
  g_autoptr (GError) problem = NULL;
  gboolean ok;

  vm_sync_session_init (&session, pipe, config);
  ok = run (&rounds, &problem);
  if (!ok) {
    vm_sync_session_stop (&session);
    vm_sync_session_tell (&session, problem);
    g_propagate_error (error, g_steal_pointer (&problem));
  }
  vm_p2p_pipe_end (pipe);
  vm_sync_session_clear (&session);
  vm_sync_rounds_clear (&rounds);
  return ok;
}
