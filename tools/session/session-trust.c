/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "session/session-trust.h"
#include "ui/digits.h"

#include <string.h>

struct _VmtSessionTrust
{
  VmNode *node; /* NULL once it is over */
  VmtOutput *output;
  VmtChangedKeys *changed; /* not owned; NULL: it cannot be accepted here */
  const gboolean *over;
  VmApprove approve;
  gboolean json;
  gchar *request_id; /* of the open question, or NULL */
  gchar *question; /* as it is shown */
  gint64 asked; /* when that was shown */
  guint questions; /* shown so far */
  gchar *meeting; /* never changes */
  GMutex lock; /* protects host */
  gchar *host; /* the user whose device has that meeting; NULL: not seen */
};

/* What the node reports on its own thread, told on the main one. */
typedef struct _News
{
  VmtSessionTrust *self; /* an atomic box */
  void (*tell) (VmtSessionTrust *self, const struct _News *news);
  gchar *request_id, *device_id, *name, *digits;
  GError *error;
  gboolean approved;
} News;

static void
clear (gpointer data)
{
  VmtSessionTrust *self = data;

  g_free (self->request_id);
  g_free (self->question);
  g_free (self->meeting);
  g_free (self->host);
  g_mutex_clear (&self->lock);
}

static void
news_free (gpointer data)
{
  News *news = data;

  g_atomic_rc_box_release_full (news->self, clear);
  g_free (news->request_id);
  g_free (news->device_id);
  g_free (news->name);
  g_free (news->digits);
  g_clear_error (&news->error);
  g_free (news);
}

static gboolean
deliver (gpointer data)
{
  const News *news = data;

  if (news->self->node)
    news->tell (news->self, news);
  return G_SOURCE_REMOVE;
}

static void
post (News news)
{
  g_atomic_rc_box_acquire (news.self);
  g_idle_add_full (
      G_PRIORITY_DEFAULT, deliver, g_memdup2 (&news, sizeof news), news_free);
}

static JsonObject *
event_of (const gchar *name, const News *news)
{
  JsonObject *event = vmt_event_new (name);

  vmt_event_add_string (event, "request", news->request_id);
  vmt_event_add_string (event, "deviceId", news->device_id);
  vmt_event_add_string (event, "name", news->name);
  vmt_event_add_string (event, "digits", news->digits);
  if (news->error) {
    vmt_event_add_string (event, "code", vm_error_to_code (news->error->code));
    vmt_event_add_string (event, "message", news->error->message);
  }
  return event;
}

static gchar *
name_of (const News *news)
{
  if (news->name && *news->name)
    return vmt_asker_name (news->name);
  return vmt_text_safe (
      news->device_id ? news->device_id : "A device without a key");
}

gint64
vmt_session_trust_get_time (const VmtSessionTrust *self)
{
  return self->asked;
}

void
vmt_session_trust_ask_again (VmtSessionTrust *self, gint64 now)
{
  self->asked = now;
  vmt_output_line (self->output, VMT_STYLE_STRONG, "%s", self->question);
}

/* One at a time: the next comes when this one is answered. */
static void
tell_requested (VmtSessionTrust *self, const News *news)
{
  g_autofree gchar *name = name_of (news);
  g_autofree gchar *question = vmt_digits_question (name, news->digits);
  g_autofree gchar *text = NULL;

  vmt_output_event (self->output, event_of ("trust-requested", news));
  vmt_output_line (self->output, VMT_STYLE_STRONG,
      "%s asks to be trusted; the id is %s.", name, news->device_id);
  if (self->approve == VM_APPROVE_AUTO) {
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "Approved without looking (--approve auto).");
    return;
  }
  g_free (self->request_id);
  self->request_id = g_strdup (news->request_id);
  g_free (self->question);
  self->question = g_steal_pointer (&question);
  self->questions++;
  if (self->changed)
    vmt_changed_keys_put_off (self->changed);
  vmt_session_trust_ask_again (self, g_get_monotonic_time ());
  if (!*self->over)
    return;
  text = g_strdup_printf (
      "%s asks to be trusted, and nobody can answer: run this at a terminal "
      "and type y or n, or, in a lab, with --approve auto.",
      name);
  vmt_output_warning (self->output, NULL, text);
}

/* What was typed here is answered already. */
static void
tell_answered (VmtSessionTrust *self, const News *news)
{
  JsonObject *event;

  if (g_strcmp0 (self->request_id, news->request_id) != 0)
    return;
  g_clear_pointer (&self->request_id, g_free);
  event = event_of ("trust-answered", news);
  json_object_set_boolean_member (event, "approved", news->approved);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_STRONG, "Answered in the page: %s.",
      news->approved ? "yes" : "no");
}

static void
tell_established (VmtSessionTrust *self, const News *news)
{
  g_autofree gchar *name = name_of (news);

  vmt_output_event (self->output, event_of ("trust-established", news));
  vmt_output_line (
      self->output, VMT_STYLE_GOOD, "%s and you trust each other now.", name);
}

static void
tell_failed (VmtSessionTrust *self, const News *news)
{
  g_autofree gchar *name = name_of (news), *text = NULL;
  g_autofree gchar *why = vmt_text_safe (news->error->message);
  const gchar *rest = ".";
  JsonObject *event;

  /* that a device may not join says nothing of what it asks besides */
  if (news->request_id && g_strcmp0 (self->request_id, news->request_id) == 0)
    g_clear_pointer (&self->request_id, g_free);
  if (g_error_matches (news->error, VM_ERROR, VM_ERROR_NOT_TRUSTED))
    rest = ". Who is to be let in asks this device first: videomeet trust "
           "request, with the name of this one.";
  else if (g_error_matches (news->error, VM_ERROR, VM_ERROR_KEY_CHANGED))
    rest = ""; /* or it is copied with the command at the end */
  text = g_strdup_printf ("%s was refused: %s%s", name, why, rest);
  event = event_of ("trust-failed", news);
  vmt_event_add_string (event, "message", text);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_BAD, "%s", text);
  if (g_error_matches (news->error, VM_ERROR, VM_ERROR_KEY_CHANGED)
      && !*self->over && self->changed)
    vmt_changed_keys_note (self->changed, news->error->message, FALSE);
}

static void
tell_changed (VmtSessionTrust *self, const News *news)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts = vm_trust_store_know (
      vm_node_get_trust_store (self->node), news->device_id, NULL, NULL, now);
  JsonObject *event = event_of ("trust-changed", news);
  g_autofree gchar *name = vmt_text_safe (
      facts->user && *facts->user ? facts->user : news->device_id);

  json_object_set_boolean_member (event, "revoked", facts->revoked);
  vmt_output_event (self->output, event);
  if (facts->revoked)
    vmt_output_line (self->output, VMT_STYLE_BAD,
        "Trust in %s is revoked: it is let in no more.", name);
  else if (facts->damaged)
    vmt_output_warning (self->output, NULL,
        "The list of revoked devices cannot be read: nobody is trusted.");
}

/* On the node's thread */

static void
on_requested (VmNode *node, const gchar *request_id, const gchar *device_id,
    const gchar *name, const gchar *digits, gpointer user_data)
{
  post ((News){ user_data, tell_requested, g_strdup (request_id),
      g_strdup (device_id), g_strdup (name), g_strdup (digits), NULL, FALSE });
}

static void
on_answered (VmNode *node, const gchar *request_id, gboolean approved,
    gpointer user_data)
{
  post ((News){ user_data, tell_answered, g_strdup (request_id), NULL, NULL,
      NULL, NULL, approved });
}

static void
on_established (
    VmNode *node, const gchar *device_id, const gchar *name, gpointer user_data)
{
  post ((News){ user_data, tell_established, NULL, g_strdup (device_id),
      g_strdup (name), NULL, NULL, FALSE });
}

static void
on_failed (VmNode *node, const gchar *request_id, const gchar *device_id,
    const gchar *name, const GError *error, gpointer user_data)
{
  post ((News){ user_data, tell_failed, g_strdup (request_id),
      g_strdup (device_id), g_strdup (name), NULL, g_error_copy (error),
      FALSE });
}

static void
on_changed (VmNode *node, const gchar *device_id, gpointer user_data)
{
  post ((News){ user_data, tell_changed, NULL, g_strdup (device_id), NULL, NULL,
      NULL, FALSE });
}

/* Remembered: of a meeting that is over nobody is found any more. */
static void
on_device (VmNode *node, VmDevice *device, gpointer user_data)
{
  VmtSessionTrust *self = user_data;
  const gchar *user = vm_device_get_user (device);

  if (!self->meeting || !user || !*user
      || g_strcmp0 (vm_device_get_meeting (device), self->meeting) != 0)
    return;
  g_mutex_lock (&self->lock);
  g_free (self->host);
  self->host = g_strdup (user);
  g_mutex_unlock (&self->lock);
}

static void
on_disconnected (gpointer data, GClosure *closure)
{
  g_atomic_rc_box_release_full (data, clear);
}

VmtSessionTrust *
vmt_session_trust_new (VmNode *node, const VmtOptions *options,
    VmtOutput *output, const gchar *meeting, const gboolean *over,
    VmtChangedKeys *changed)
{
  VmtSessionTrust *self = g_atomic_rc_box_new0 (VmtSessionTrust);
  static const struct
  {
    const gchar *name;
    GCallback callback;
  } handlers[] = {
    { "trust-requested", G_CALLBACK (on_requested) },
    { "trust-answered", G_CALLBACK (on_answered) },
    { "trust-established", G_CALLBACK (on_established) },
    { "trust-failed", G_CALLBACK (on_failed) },
    { "trust-changed", G_CALLBACK (on_changed) },
    { "device-added", G_CALLBACK (on_device) },
    { "device-changed", G_CALLBACK (on_device) },
  };

  self->node = node;
  self->output = output;
  self->changed = changed;
  self->over = over;
  self->meeting = g_strdup (meeting);
  g_mutex_init (&self->lock);
  self->json = options->json;
  self->approve = options->approve_set ? options->approve : VM_APPROVE_ASK;
  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_connect_data (node, handlers[i].name, handlers[i].callback,
        g_atomic_rc_box_acquire (self), on_disconnected, 0);
  return self;
}

void
vmt_session_trust_free (VmtSessionTrust *self)
{
  VmNode *node = self->node;

  self->node = NULL;
  g_signal_handlers_disconnect_by_data (node, self);
  g_atomic_rc_box_release_full (self, clear);
}

/* The answer */

gboolean
vmt_session_trust_is_asking (const VmtSessionTrust *self)
{
  return self->request_id != NULL;
}

guint
vmt_session_trust_get_asked (const VmtSessionTrust *self)
{
  return self->questions;
}

gboolean
vmt_session_trust_take_line (
    VmtSessionTrust *self, const gchar *line, gint64 now)
{
  gboolean yes;

  if (!self->request_id || !vmt_answer_parse (line, &yes))
    return FALSE;
  vmt_session_trust_answer (self, yes, now);
  return TRUE;
}

void
vmt_session_trust_answer (VmtSessionTrust *self, gboolean yes, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gboolean taken;

  if (!self->request_id) {
    vmt_output_warning (self->output, vm_error_to_code (VM_ERROR_BAD_REQUEST),
        "No device waits for an answer.");
    return;
  }
  if (yes && !self->json && now - self->asked < VMT_LOOK_TIME) {
    vmt_output_line (self->output, VMT_STYLE_STRONG,
        "The question has only just come: compare the digits, then answer.");
    return;
  }
  taken = yes ? vm_node_approve_trust (self->node, self->request_id, &error)
              : vm_node_deny_trust (self->node, self->request_id, &error);
  g_clear_pointer (&self->request_id, g_free);
  if (!taken)
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
  else
    vmt_output_line (self->output, VMT_STYLE_FAINT, "%s",
        yes ? "You have confirmed; the other side is to do so as well."
            : "You have said no: it is not trusted.");
}

void
vmt_session_trust_show_page (VmtSessionTrust *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *link =
      vm_node_make_approval_link (self->node, self->meeting, &error);
  JsonObject *event;

  if (!link) {
    vmt_output_warning (
        self->output, vm_error_to_code (error->code), error->message);
    return;
  }
  event = vmt_event_new ("page");
  vmt_event_add_string (event, "link", link);
  vmt_output_event (self->output, event);
  vmt_output_line (self->output, VMT_STYLE_PLAIN,
      "To answer in a browser on this machine who asks to be trusted; the link "
      "works once, within ten minutes:");
  vmt_output_line (self->output, VMT_STYLE_PLAIN, "  %s", link);
}

/* What to do */

/* As `videomeet trust request` takes it; NULL: not known. */
static gchar *
host_of (VmtSessionTrust *self, const gchar *uri)
{
  const gchar *place = uri ? strstr (uri, "://") : NULL;
  gchar *host;

  if (place)
    return g_strndup (place + 3, strcspn (place + 3, "/"));
  g_mutex_lock (&self->lock);
  host = g_strdup (self->host);
  g_mutex_unlock (&self->lock);
  return host;
}

gchar *
vmt_session_trust_advise (
    VmtSessionTrust *self, const gchar *message, const gchar *uri)
{
  g_autofree gchar *host = host_of (self, uri);
  g_autofree gchar *safe = vmt_text_safe (host);
  g_autofree gchar *quoted = g_shell_quote (safe);
  gboolean plain =
      strspn (safe, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_.:[]%")
      == strlen (safe);
  const gchar *dot = g_str_has_suffix (message, ".") ? "" : ".";
  g_autofree gchar *why = vmt_text_safe (message);

  return g_strdup_printf (
      "%s%s Agree on trust with its host first: videomeet trust request %s",
      why, dot,
      !host   ? "NAME"
      : plain ? safe
              : quoted);
}
