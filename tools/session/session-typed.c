/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the user types during a meeting, and what comes of it. */

#include "cmd/device.h"
#include "options/options-priv.h"
#include "options/options-table.h"
#include "session/session-priv.h"
#include "typed/typed.h"
#include "ui/ask.h"
#include "ui/history.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define HELP_LEFT 28 /* in front of what a command does */
/* Of lines that wait; nothing is read beyond. */
#define HELD_MAX 500
#define PASTE_WAIT_MS 10000 /* between two parts of what is pasted */
/* That is taken at once, as far as it is there: of a paste its end. */
#define READ_MAX (64 * 1024) /* bytes */

static gboolean on_readable (gint fd, GIOCondition condition, gpointer data);

/* The terminal as it was found, to be left so however the program ends. */
static struct termios found, raw;
static gboolean changed;
static gboolean brackets; /* what is pasted */
static gboolean hooked; /* into the end of the program */

/* Safe in the handler of a signal. */
static gboolean
set_terminal (const struct termios *mode)
{
  const gchar *paste = mode == &raw ? VMT_PASTE_ON : VMT_PASTE_OFF;
  gssize n = 0;

  if (tcsetattr (STDIN_FILENO, TCSANOW, mode) != 0)
    return FALSE;
  if (brackets)
    n = write (STDOUT_FILENO, paste, strlen (paste));
  return n >= 0;
}

void
vmt_session_restore_terminal (void)
{
  if (changed)
    set_terminal (&found);
  changed = FALSE;
}

/* Whoever has the terminal meanwhile finds it as it was. The signal comes again
 * to stop the process, if there is a shell that could continue it. */
static void
on_suspend (int number)
{
  struct sigaction now, usual = { .sa_handler = SIG_DFL };
  gint before = errno;

  if (changed)
    set_terminal (&found);
  sigaction (SIGTSTP, &usual, &now);
  raise (SIGTSTP);
  sigaction (SIGTSTP, &now, NULL);
  if (changed && !vmt_typed_is_in_background ())
    set_terminal (&raw);
  errno = before;
}

static void
watch_suspend (void)
{
  const struct sigaction action = { .sa_handler = on_suspend,
    .sa_flags = SA_RESTART | SA_NODEFER };
  struct sigaction now;

  if (sigaction (SIGTSTP, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
    sigaction (SIGTSTP, &action, NULL);
}

/* Keys come as they are typed and are shown by the launcher: the terminal's own
 * echo would stand in the middle of what others say. */
static gboolean
take_terminal (VmtSession *self)
{
  if (changed)
    return TRUE;
  if (!vmt_output_moves_cursor (self->output)
      || tcgetattr (STDIN_FILENO, &found) != 0)
    return FALSE;
  raw = found;
  raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
  raw.c_iflag &= ~(tcflag_t) ICRNL; /* of what is pasted "\r\n" is one end */
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  brackets = vmt_paste_is_bracketed ();
  changed = set_terminal (&raw);
  if (changed) {
    if (!hooked)
      hooked = atexit (vmt_session_restore_terminal) == 0;
    watch_suspend ();
    vmt_session_edit_begin (self);
  }
  return changed;
}

void
vmt_session_keep_terminal (VmtSession *self)
{
  struct termios now;

  if (!changed || vmt_typed_is_in_background ()
      || tcgetattr (STDIN_FILENO, &now) != 0 || !(now.c_lflag & ICANON))
    return;
  changed = FALSE;
  take_terminal (self);
}

static gboolean
get_flag (VmtSession *self, const gchar *name)
{
  gboolean value = FALSE;

  g_object_get (self->signalbin, name, &value, NULL);
  return value;
}

static void
set_muted (VmtSession *self, gboolean audio, gboolean video, gboolean muted)
{
  vmt_session_devices_muted (self, audio, video);
  if (audio)
    g_object_set (self->signalbin, "mute-audio", muted, NULL);
  if (video)
    g_object_set (self->signalbin, "mute-video", muted, NULL);
  vmt_session_tell_muted (self);
}

void
vmt_session_tell_muted (VmtSession *self)
{
  gboolean audio = get_flag (self, "mute-audio");
  gboolean video = get_flag (self, "mute-video");
  JsonObject *event = vmt_event_new ("muted");

  json_object_set_boolean_member (event, "audio", audio);
  json_object_set_boolean_member (event, "video", video);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "You send %s.",
      audio && video ? "neither sound nor picture"
      : audio        ? "no sound"
      : video        ? "no picture"
                     : "sound and picture, as far as you have them");
}

static void
toggle_hand (VmtSession *self)
{
  gboolean raised = !get_flag (self, "hand");

  g_object_set (self->signalbin, "hand", raised, NULL);
  vmt_output_line (self->output, VMT_STYLE_FAINT, "Your hand is %s.",
      raised ? "raised" : "down");
}

/* This device, as the others see it. */
static gchar *
describe_self (VmtSession *self)
{
  g_autofree gchar *user = NULL, *status = NULL, *name = NULL, *said = NULL;
  g_autofree gchar *id = vmt_text_safe (vmt_roster_get_self (self->roster));
  g_autoptr (VmNode) node = vm_node_get_default ();
  GString *line = g_string_new (NULL);

  g_object_get (node, "user", &user, NULL);
  g_object_get (self->signalbin, "status", &status, NULL);
  name = vmt_text_safe (user);
  said = vmt_text_safe (status);
  g_string_append_printf (line, "%s%s%s (you)", id, *id ? "  " : "", name);
  if (self->hosting)
    g_string_append (line, ", host");
  if (get_flag (self, "hand"))
    g_string_append (line, ", hand raised");
  if (get_flag (self, "mute-audio"))
    g_string_append (line, ", no sound");
  if (get_flag (self, "mute-video"))
    g_string_append (line, ", no picture");
  if (*said)
    g_string_append_printf (line, ": %s", said);
  return g_string_free (line, FALSE);
}

static void
show_who (VmtSession *self)
{
  JsonObject *event = vmt_event_new ("who");
  g_autofree gchar *me = describe_self (self);
  g_autoptr (GPtrArray) lines = vmt_roster_to_who (self->roster);

  json_object_set_array_member (
      event, "participants", vmt_roster_to_json (self->roster));
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s", me);
  if (!lines->len)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "Nobody else is here.");
  for (guint i = 0; i < lines->len; i++)
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s",
        (const gchar *) g_ptr_array_index (lines, i));
}

static void
show_help (VmtSession *self)
{
  const gchar *const *help = vmt_typed_help ();
  gint columns =
      MAX (vmt_output_get_columns (self->output), VMT_HELP_COLUMNS_MIN);

  for (guint i = 0; help[i]; i++) {
    const gchar *gap = strstr (help[i] + strspn (help[i], " "), "  ");
    g_autofree gchar *name = gap ? g_strndup (help[i], gap - help[i]) : NULL;
    g_autoptr (GString) item = g_string_new (NULL);

    if (gap)
      vmt_help_add_item (item, name, gap + 2, HELP_LEFT, columns);
    else
      vmt_text_wrap (item, help[i], 0, 0, columns, TRUE);
    g_strchomp (item->str);
    vmt_output_line (self->output, VMT_STYLE_PLAIN, "%s", item->str);
  }
}

static void
tell_unbanned (VmtSession *self, const gchar *who)
{
  g_autofree gchar *safe = vmt_text_safe (who);

  vmt_output_line (self->output, VMT_STYLE_PLAIN, "“%s” may come again.", safe);
}

static void
act_on (VmtSession *self, const VmtTyped *typed, const gchar *id)
{
  switch (typed->verb) {
    case VMT_TYPED_MSG:
      g_signal_emit_by_name (self->signalbin, "send-chat", typed->text, id);
      break;
    case VMT_TYPED_MUTE:
      g_signal_emit_by_name (
          self->signalbin, "mute-request", id, typed->audio, typed->video);
      break;
    case VMT_TYPED_SEND:
      vmt_session_files_send (self->files, typed->text, id);
      break;
    case VMT_TYPED_COMPARE:
      g_signal_emit_by_name (self->signalbin, "compare-digits", id);
      break;
    case VMT_TYPED_UNBAN:
      g_signal_emit_by_name (self->signalbin, "unban", id);
      vmt_roster_set_removed (self->roster, id, FALSE);
      tell_unbanned (self, typed->who);
      break;
    default:
      g_signal_emit_by_name (self->signalbin, "kick", id);
      break;
  }
}

static void
want_pin (VmtSession *self, const gchar *pin)
{
  g_autoptr (GError) error = NULL;

  if (self->joined)
    g_set_error_literal (&error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "You are in the meeting; a PIN is for finding one.");
  else if (!self->may_ask_pin || (!*pin && !vmt_can_ask (self->output)))
    g_set_error_literal (&error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "No PIN can be asked for here: join with --pin-file.");
  else if (*pin)
    vmt_check_pin (pin, &error);
  if (error)
    vmt_output_warning (
        self->output, vm_error_to_code (VM_ERROR_BAD_REQUEST), error->message);
  else
    vmt_session_want_pin (self, *pin ? pin : NULL);
}

/* A device that was installed anew has another key than the one it is known
 * by. */
static void
forget (VmtSession *self, const gchar *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autoptr (VmKnownDevice) device =
      vm_trust_store_forget (vm_node_get_trust_store (node), name, &error);
  g_autofree gchar *known = NULL;

  if (!device) {
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
    return;
  }
  known = vmt_known_name (device);
  vmt_output_event (self->output, vmt_known_event ("forgotten", device));
  vmt_output_line (self->output, VMT_STYLE_STRONG,
      "%s is forgotten, and may join with another key.", known);
}

static void
trust (VmtSession *self, const gchar *name)
{
  g_autofree gchar *id =
      *name ? vmt_roster_find (self->roster, name, FALSE, NULL) : NULL;

  if (*name)
    vmt_changed_keys_ask (self->changed, name, id != NULL);
  else
    vmt_changed_keys_show_own (self->changed);
}

static void
obey_now (VmtSession *self, const VmtTyped *typed)
{
  g_autofree gchar *id = NULL;
  g_autoptr (GError) error = NULL;

  if (typed->who) {
    id = vmt_roster_find (
        self->roster, typed->who, typed->verb == VMT_TYPED_UNBAN, &error);
    if (id)
      act_on (self, typed, id);
    else
      vmt_output_warning (
          self->output, vm_error_to_code (error->code), error->message);
    return;
  }
  switch (typed->verb) {
    case VMT_TYPED_CHAT:
      g_signal_emit_by_name (self->signalbin, "send-chat", typed->text, NULL);
      vmt_session_files_said (self->files, typed->text);
      break;
    case VMT_TYPED_MUTE:
    case VMT_TYPED_UNMUTE:
      set_muted (
          self, typed->audio, typed->video, typed->verb == VMT_TYPED_MUTE);
      break;
    case VMT_TYPED_TALK:
      vmt_session_talk (self);
      break;
    case VMT_TYPED_STATS:
      vmt_session_show_stats (self);
      break;
    case VMT_TYPED_CAMERA:
      vmt_session_choose_device (self, VMT_KIND_CAMERA, typed->text);
      break;
    case VMT_TYPED_MICROPHONE:
      vmt_session_choose_device (self, VMT_KIND_MICROPHONE, typed->text);
      break;
    case VMT_TYPED_SPEAKER:
      vmt_session_choose_device (self, VMT_KIND_SPEAKER, typed->text);
      break;
    case VMT_TYPED_SOURCE:
      vmt_session_change_source (
          self, typed->text, typed->region, typed->sound);
      break;
    case VMT_TYPED_SHARE:
      vmt_session_share (self, typed->text, typed->region, typed->sound);
      break;
    case VMT_TYPED_HAND:
      toggle_hand (self);
      break;
    case VMT_TYPED_REACT:
      g_signal_emit_by_name (self->signalbin, "react", typed->text);
      break;
    case VMT_TYPED_TRUST:
      trust (self, typed->text);
      break;
    case VMT_TYPED_FORGET:
      forget (self, typed->text);
      break;
    case VMT_TYPED_STATUS:
      g_object_set (self->signalbin, "status", typed->text, NULL);
      break;
    case VMT_TYPED_WHO:
      show_who (self);
      break;
    case VMT_TYPED_LOCK:
    case VMT_TYPED_UNLOCK:
      g_signal_emit_by_name (
          self->signalbin, "lock", typed->verb == VMT_TYPED_LOCK);
      break;
    case VMT_TYPED_APPROVE:
    case VMT_TYPED_DENY:
      vmt_session_trust_answer (self->trust, typed->verb == VMT_TYPED_APPROVE,
          g_get_monotonic_time ());
      break;
    case VMT_TYPED_PAGE:
      vmt_session_trust_show_page (self->trust);
      break;
    case VMT_TYPED_INVITE:
      vmt_session_invite (self, typed->seconds);
      break;
    case VMT_TYPED_SEND:
      vmt_session_files_send (self->files, typed->text, NULL);
      break;
    case VMT_TYPED_FILES:
      vmt_session_files_show (self->files);
      break;
    case VMT_TYPED_ACCEPT:
    case VMT_TYPED_DECLINE:
    case VMT_TYPED_CANCEL:
    case VMT_TYPED_PAUSE:
    case VMT_TYPED_RESUME:
      vmt_session_files_obey (self->files, typed->verb, typed->number);
      break;
    case VMT_TYPED_PIN:
      want_pin (self, typed->text);
      break;
    case VMT_TYPED_LEAVE:
      vmt_session_give_up (self);
      break;
    case VMT_TYPED_END:
      g_signal_emit_by_name (self->signalbin, "end-meeting");
      break;
    case VMT_TYPED_HELP:
      show_help (self);
      break;
    default:
      break;
  }
}

static gboolean
is_said (const VmtTyped *typed)
{
  return typed->verb == VMT_TYPED_CHAT || typed->verb == VMT_TYPED_MSG;
}

static void
typed_free (VmtTyped *typed)
{
  vmt_typed_clear (typed);
  g_free (typed);
}

static gboolean
on_held (gpointer user_data)
{
  VmtSession *self = user_data;
  VmtTyped *typed;

  while ((typed = g_queue_peek_head (&self->held)) && !self->leaving
         && (!is_said (typed)
             || vmt_pace_take (&self->pace, g_get_monotonic_time ()))) {
    g_queue_pop_head (&self->held);
    obey_now (self, typed);
    typed_free (typed);
  }
  if (self->held_back && self->held.length < HELD_MAX) {
    self->held_back = FALSE;
    vmt_session_read_typed (self);
  }
  if (self->held.length && !self->leaving)
    return G_SOURCE_CONTINUE;
  self->held_timer = 0;
  return G_SOURCE_REMOVE;
}

void
vmt_session_obey (VmtSession *self, VmtTyped *typed)
{
  if (g_queue_is_empty (&self->held)
      && (!is_said (typed)
          || vmt_pace_take (&self->pace, g_get_monotonic_time ()))) {
    obey_now (self, typed);
    return;
  }
  if (!self->held_timer) {
    self->held_timer = g_timeout_add (VMT_PACE_MS, on_held, self);
    vmt_output_line (self->output, VMT_STYLE_FAINT,
        "That is much at once: the rest goes out line by line, %d a second. "
        "Ctrl-C leaves, without it.",
        1000 / VMT_PACE_MS);
  }
  g_queue_push_tail (&self->held, g_memdup2 (typed, sizeof *typed));
  *typed = (VmtTyped){ 0 };
}

static void
drop_held (VmtSession *self)
{
  guint n = self->held.length;
  g_autofree gchar *text = g_strdup_printf (
      "%u typed line%s sent any more.", n, n == 1 ? " was not" : "s were not");

  if (n)
    vmt_output_warning (self->output, NULL, text);
  g_queue_clear_full (&self->held, (GDestroyNotify) typed_free);
}

static void
on_line (const gchar *line, gpointer user_data)
{
  VmtSession *self = user_data;
  g_auto (VmtTyped) typed = { 0 };
  g_autoptr (GError) error = NULL;

  if (self->leaving)
    return;
  if (self->talking)
    vmt_session_stop_talking (self);
  if (!line)
    g_set_error (&error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A line has at most %d bytes; this one was not sent.",
        VMT_TYPED_LINE_MAX);
  if (line && vmt_session_take_answer (self, line))
    return;
  if (!error && vmt_typed_parse (&typed, line, &error))
    vmt_session_obey (self, &typed);
  if (error)
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
}

/* On a terminal what was said stays to be read, but for a PIN. */
void
vmt_session_take_entered (VmtSession *self, const gchar *line)
{
  vmt_output_prompt (self->output, "");
  if (line && *line && vmt_history_may_keep (line)) {
    g_autofree gchar *safe = vmt_text_safe (line);

    vmt_output_line (self->output, VMT_STYLE_PLAIN, "> %s", safe);
  }
  on_line (line, self);
}

static void
on_entered (const gchar *line, gpointer user_data)
{
  vmt_session_take_entered (user_data, line);
}

static gboolean
on_background (gpointer user_data)
{
  vmt_session_read_typed (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_keys (const gchar *bytes, gsize size, gpointer user_data)
{
  VmtSession *self = user_data;

  if (self->editor)
    vmt_editor_take (self->editor, bytes, size);
  else
    vmt_keys_take (&self->keys, bytes, size, on_entered, self);
}

static void
on_pasted (const gchar *text, gpointer user_data)
{
  VmtSession *self = user_data;

  if (!self->leaving)
    vmt_session_take_pasted (self, text);
}

static void
show_typed (VmtSession *self)
{
  if (self->leaving)
    return;
  if (self->editor)
    vmt_session_edit_show (self);
  else
    vmt_output_prompt (
        self->output, self->keys.line ? self->keys.line->str : "");
}

static gboolean
on_paste_late (gpointer user_data)
{
  VmtSession *self = user_data;

  self->paste_timer = 0;
  vmt_paste_clear (&self->paste);
  vmt_output_warning (self->output, vm_error_to_code (VM_ERROR_TIMEOUT),
      "The end of what was pasted has not come: nothing of it was taken.");
  return G_SOURCE_REMOVE;
}

static void
take_terminal_bytes (VmtSession *self, const gchar *bytes, gsize size)
{
  static const VmtPasteFuncs funcs = { on_keys, on_pasted };

  vmt_paste_take (&self->paste, bytes, size, &funcs, self);
  g_clear_handle_id (&self->paste_timer, g_source_remove);
  if (self->paste.open)
    self->paste_timer = g_timeout_add (PASTE_WAIT_MS, on_paste_late, self);
  show_typed (self);
}

/* As much as there is now. Returns: as read(). */
static gssize
read_bytes (gint fd, gchar *bytes)
{
  struct pollfd more = { .fd = fd, .events = POLLIN };
  gssize n, size = 0;

  do {
    n = read (fd, bytes + size, (gsize) (READ_MAX - size));
    if (n > 0)
      size += n;
  } while (n > 0 && size < READ_MAX && poll (&more, 1, 0) == 1
           && (more.revents & POLLIN));
  return size ? size : n;
}

/* The end of what is typed is not the end of the meeting. */
static gboolean
on_readable (gint fd, GIOCondition condition, gpointer user_data)
{
  VmtSession *self = user_data;
  g_autofree gchar *bytes = NULL;
  gssize size;

  if (vmt_typed_is_in_background ()) {
    g_timeout_add (VMT_BACKGROUND_MS, on_background, self);
    return G_SOURCE_REMOVE;
  }
  bytes = g_malloc (READ_MAX);
  size = read_bytes (fd, bytes);
  if (size < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (size <= 0) {
    vmt_lines_end (&self->lines, on_line, self);
    self->typed_over = TRUE;
    /* nobody could end it any more */
    if (self->talking && !self->leaving)
      vmt_session_stop_talking (self);
    vmt_session_host_typed_over (self);
    return G_SOURCE_REMOVE;
  }
  if (changed)
    take_terminal_bytes (self, bytes, (gsize) size);
  else
    vmt_lines_take (&self->lines, bytes, (gsize) size, on_line, self);
  self->held_back = self->held.length >= HELD_MAX;
  return self->held_back ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

void
vmt_session_read_typed (VmtSession *self)
{
  if (vmt_typed_is_in_background ()) {
    g_timeout_add (VMT_BACKGROUND_MS, on_background, self);
    return;
  }
  if (isatty (STDIN_FILENO))
    take_terminal (self);
  g_unix_fd_add (
      STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, self);
}

static void
ignore_line (const gchar *line, gpointer user_data)
{
}

void
vmt_session_stop_typed (VmtSession *self)
{
  vmt_session_restore_terminal ();
  vmt_lines_end (&self->lines, ignore_line, self);
  vmt_keys_clear (&self->keys);
  vmt_paste_clear (&self->paste);
  vmt_typed_clear (&self->pasted);
  drop_held (self);
  vmt_session_edit_end (self);
}
