/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What people say and do in a meeting, and what the application does in their
 * name. Control thread but where it says otherwise. */

#include "controller/vmcontroller-priv.h"
#include "plugin/plugin.h"

#define GST_CAT_DEFAULT vm_signal_debug

/* For bye to get out of the data channels before they are closed. */
#define BYE_MS 200
/* Between two looks whether chat is delivered. */
#define FLUSH_LOOK_MS 20

/* What the meeting tells */

static GstStructure *
about (const gchar *name, VmParticipant *who)
{
  return gst_structure_new (name, "id", G_TYPE_STRING,
      who ? vm_participant_get_id (who) : NULL, "user", G_TYPE_STRING,
      who ? vm_participant_get_user (who) : NULL, NULL);
}

static void
on_chat (VmMeeting *meeting, VmChatMessage *message, VmController *self)
{
  g_autofree gchar *time =
      g_date_time_format_iso8601 (vm_chat_message_get_time (message));

  vm_controller_post (self,
      gst_structure_new ("vm-chat-received", "id", G_TYPE_STRING,
          vm_chat_message_get_from (message), "user", G_TYPE_STRING,
          vm_chat_message_get_user (message), "text", G_TYPE_STRING,
          vm_chat_message_get_text (message), "time", G_TYPE_STRING, time,
          "message-id", G_TYPE_STRING, vm_chat_message_get_id (message),
          "private", G_TYPE_BOOLEAN, vm_chat_message_get_confidential (message),
          "old", G_TYPE_BOOLEAN, vm_chat_message_get_old (message), NULL));
}

static void
on_undelivered (VmMeeting *meeting, VmParticipant *who, VmChatMessage *message,
    VmController *self)
{
  GstStructure *s = about ("vm-chat-undelivered", who);

  gst_structure_set (s, "text", G_TYPE_STRING,
      vm_chat_message_get_text (message), "message-id", G_TYPE_STRING,
      vm_chat_message_get_id (message), NULL);
  vm_controller_post (self, s);
}

static void
on_presence (VmMeeting *meeting, VmParticipant *who, VmController *self)
{
  GstStructure *s = about ("vm-presence", who);

  gst_structure_set (s, "status", G_TYPE_STRING,
      VM_PLUGIN (vm_participant_get_status) (who), "audio-muted",
      G_TYPE_BOOLEAN, VM_PLUGIN (vm_participant_get_audio_muted) (who),
      "video-muted", G_TYPE_BOOLEAN,
      VM_PLUGIN (vm_participant_get_video_muted) (who), NULL);
  vm_controller_post (self, s);
}

static void
on_bridge (VmMeeting *meeting, VmParticipant *who, VmController *self)
{
  GstStructure *s = about ("vm-bridge-role", who);

  gst_structure_set (s, "role", G_TYPE_STRING,
      VM_PLUGIN (vm_participant_get_bridge) (who), NULL);
  vm_controller_post (self, s);
}

static void
on_host_unknown (VmMeeting *meeting, const gchar *device_id, const gchar *user,
    const gchar *device, VmController *self)
{
  vm_controller_post (self, gst_structure_new ("vm-host-unknown", "device-id",
                                G_TYPE_STRING, device_id, "user", G_TYPE_STRING,
                                user, "device", G_TYPE_STRING, device, NULL));
}

static void
on_hand (VmMeeting *meeting, VmParticipant *who, VmController *self)
{
  GstStructure *s = about ("vm-hand-changed", who);

  gst_structure_set (s, "raised", G_TYPE_BOOLEAN,
      VM_PLUGIN (vm_participant_get_hand) (who), NULL);
  vm_controller_post (self, s);
}

static void
on_reaction (VmMeeting *meeting, VmParticipant *who, const gchar *reaction,
    VmController *self)
{
  GstStructure *s = about ("vm-reaction", who);

  gst_structure_set (s, "reaction", G_TYPE_STRING, reaction, NULL);
  vm_controller_post (self, s);
}

static void
on_detached (VmMeeting *meeting, VmParticipant *who, VmController *self)
{
  GstStructure *s = about ("vm-participant-detached", who);
  VmLink *link = vm_controller_find_link (self, who);

  gst_structure_set (s, "detached", G_TYPE_BOOLEAN,
      VM_PLUGIN (vm_participant_get_detached) (who), NULL);
  vm_controller_post (self, s);
  /* it may have been away for longer than a connection to it was tried */
  if (link && !VM_PLUGIN (vm_participant_get_detached) (who))
    vm_link_recover (link);
}

static const gchar *
nick_of (VmTrustLevel level)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (VM_TYPE_TRUST_LEVEL);

  /* a nick is never freed */
  return g_enum_get_value ((GEnumClass *) klass, level)->value_nick;
}

void
vm_controller_describe_trust (VmParticipant *who, GstStructure *s)
{
  VmTrustLevel level = VM_PLUGIN (vm_participant_get_trust) (who);

  gst_structure_set (s, "trust", G_TYPE_STRING, nick_of (level), "trusted",
      G_TYPE_BOOLEAN, level == VM_TRUST_LEVEL_TRUSTED, "voucher", G_TYPE_STRING,
      VM_PLUGIN (vm_participant_get_voucher) (who), NULL);
}

static void
on_trust_changed (VmMeeting *meeting, VmParticipant *who, VmTrustLevel old,
    VmController *self)
{
  GstStructure *s = about ("vm-participant-trust", who);

  gst_structure_set (s, "old", G_TYPE_STRING, nick_of (old), NULL);
  vm_controller_describe_trust (who, s);
  vm_controller_post (self, s);
}

/* Done, and then told: nobody is asked twice. */
static void
on_mute_requested (
    VmMeeting *meeting, gboolean audio, gboolean video, VmController *self)
{
  self->funcs->mute (self->bin, audio, video);
  vm_controller_post (
      self, gst_structure_new ("vm-mute-requested", "audio", G_TYPE_BOOLEAN,
                audio, "video", G_TYPE_BOOLEAN, video, NULL));
}

static void
on_locked (VmMeeting *meeting, GParamSpec *pspec, VmController *self)
{
  vm_controller_post (
      self, gst_structure_new ("vm-locked", "locked", G_TYPE_BOOLEAN,
                VM_PLUGIN (vm_meeting_get_locked) (meeting), NULL));
}

static void
on_host_lost (VmMeeting *meeting, VmParticipant *host, VmController *self)
{
  vm_controller_post (self, about ("vm-host-lost", host));
}

static gboolean
on_bye_said (gpointer user_data)
{
  VmController *self = user_data;
  GSourceFunc then = g_steal_pointer (&self->then);

  vm_timer_clear (&self->bye_source);
  return then ? then (self) : G_SOURCE_REMOVE;
}

/* Another participant hosts the meeting. Where this device has waited for that,
 * it goes. */
static void
on_host_changed (VmMeeting *meeting, VmParticipant *host, VmController *self)
{
  gboolean hosting =
      VM_PLUGIN (vm_meeting_get_hosting) (meeting) && !self->bye_said;
  g_autofree gchar *link = NULL;

  g_object_get (meeting, "link", &link, NULL);
  vm_controller_post (
      self, gst_structure_new ("vm-host-changed", "id", G_TYPE_STRING,
                vm_participant_get_id (host), "user", G_TYPE_STRING,
                vm_participant_get_user (host), "hosting", G_TYPE_BOOLEAN,
                hosting, "link", G_TYPE_STRING, hosting ? link : NULL, NULL));
  if (!self->bye_said || !self->then)
    return;
  vm_timer_clear (&self->bye_source);
  self->bye_source = vm_timer_new (self->context, BYE_MS, on_bye_said, self);
}

static void
on_host_returned (VmMeeting *meeting, VmParticipant *host, VmController *self)
{
  vm_controller_post (self, about ("vm-host-returned", host));
  for (guint i = 0; i < self->links->len; i++)
    vm_link_recover (self->links->pdata[i]);
}

static void
on_rejoining (VmMeeting *meeting, const GError *reason, VmController *self)
{
  vm_controller_post (
      self, gst_structure_new ("vm-rejoining", "code", G_TYPE_STRING,
                vm_error_get_code (reason), "message", G_TYPE_STRING,
                reason->message, NULL));
}

static void
warn (VmController *self, const GError *error)
{
  GST_ELEMENT_WARNING_WITH_DETAILS (self->bin, RESOURCE, FAILED,
      ("%s", error->message), (NULL),
      ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
}

/* Whoever joins again has made its call. */
void
vm_controller_call_once (VmController *self)
{
  g_autofree gchar *user_id = g_steal_pointer (&self->config.call_to);
  g_autoptr (GError) error = NULL;

  if (user_id && !vm_meeting_call (self->meeting, user_id, &error))
    warn (self, error);
}

static void
on_call_offered (VmMeeting *meeting, const gchar *id, const gchar *user,
    VmCallType type, VmController *self)
{
  g_autoptr (GError) error = NULL;

  vm_controller_post (
      self, gst_structure_new ("vm-call-offered", "id", G_TYPE_STRING, id,
                "user", G_TYPE_STRING, user, "call-type", G_TYPE_STRING,
                type == VM_CALL_TYPE_AUDIO ? "audio" : "video", NULL));
  if (self->config.auto_accept
      && !vm_meeting_accept_call (self->meeting, &error))
    warn (self, error);
}

static void
on_call_missed (
    VmMeeting *meeting, const gchar *id, const gchar *user, VmController *self)
{
  vm_controller_post (
      self, gst_structure_new ("vm-call-missed", "id", G_TYPE_STRING, id,
                "user", G_TYPE_STRING, user, NULL));
}

static gboolean
on_send_message (VmMeeting *meeting, VmParticipant *to, const gchar *label,
    const gchar *text, VmController *self)
{
  VmLink *link = vm_controller_find_link (self, to);

  return link && vm_link_send_text (link, label, text);
}

void
vm_controller_connect_talk (VmController *self)
{
  static const struct
  {
    const gchar *signal;
    GCallback handler;
  } handlers[] = {
    { "chat-received", G_CALLBACK (on_chat) },
    { "chat-undelivered", G_CALLBACK (on_undelivered) },
    { "presence-changed", G_CALLBACK (on_presence) },
    { "hand-changed", G_CALLBACK (on_hand) },
    { "reaction", G_CALLBACK (on_reaction) },
    { "bridge-changed", G_CALLBACK (on_bridge) },
    { "detached-changed", G_CALLBACK (on_detached) },
    { "trust-changed", G_CALLBACK (on_trust_changed) },
    { "mute-requested", G_CALLBACK (on_mute_requested) },
    { "notify::locked", G_CALLBACK (on_locked) },
    { "host-unknown", G_CALLBACK (on_host_unknown) },
    { "host-lost", G_CALLBACK (on_host_lost) },
    { "host-returned", G_CALLBACK (on_host_returned) },
    { "host-changed", G_CALLBACK (on_host_changed) },
    { "rejoining", G_CALLBACK (on_rejoining) },
    { "send-message", G_CALLBACK (on_send_message) },
    { "call-offered", G_CALLBACK (on_call_offered) },
    { "call-missed", G_CALLBACK (on_call_missed) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_connect (
        self->meeting, handlers[i].signal, handlers[i].handler, self);
  vm_controller_tell_presence (self);
}

/* What this participant tells of itself */

static gboolean
is_sent (VmController *self, VmPeerStream stream)
{
  g_autoptr (VmInput) input = self->funcs->link.get_input (self->bin, stream);

  return input != NULL;
}

void
vm_controller_tell_presence (VmController *self)
{
  VmControllerPresence own = { 0 };

  if (!self->meeting)
    return;
  self->funcs->read_presence (self->bin, &own);
  vm_meeting_set_presence (self->meeting, own.status ? own.status : "",
      !own.mute_audio && is_sent (self, VM_PEER_AUDIO),
      !own.mute_video
          && (is_sent (self, VM_PEER_VIDEO) || is_sent (self, VM_PEER_SCREEN)));
  vm_meeting_raise_hand (self->meeting, own.hand);
  g_free (own.status);
}

static gboolean
presence_changed (gpointer user_data)
{
  vm_controller_tell_presence (user_data);
  return G_SOURCE_REMOVE;
}

void
vm_controller_presence_changed (VmController *self)
{
  vm_controller_invoke (self, presence_changed, self, NULL);
}

/* Leaving: what was said goes before */

static gboolean
on_flush (gpointer user_data)
{
  VmController *self = user_data;
  GSourceFunc then = g_steal_pointer (&self->flushed);

  vm_timer_clear (&self->flush_source);
  return then (self);
}

gboolean
vm_controller_flush_chat (VmController *self, GSourceFunc then)
{
  gint64 now = g_get_monotonic_time ();

  if (!self->flush_until)
    self->flush_until = now + VM_CONTROLLER_FLUSH_MS * G_TIME_SPAN_MILLISECOND;
  if (!self->meeting || now >= self->flush_until
      || !VM_PLUGIN (vm_meeting_awaits_acks) (self->meeting))
    return FALSE;
  /* what comes after it may be another thing now */
  self->flushed = then;
  if (!self->flush_source)
    self->flush_source =
        vm_timer_new (self->context, FLUSH_LOOK_MS, on_flush, self);
  return TRUE;
}

/* Leaving without a host to tell it to */

gboolean
vm_controller_say_bye (VmController *self, GSourceFunc then)
{
  guint ms = 0;

  if (self->bye_said && self->then) {
    /* what comes after it is another thing now */
    self->then = then;
    return TRUE;
  }
  if (self->bye_said || !self->meeting)
    return FALSE;
  if (!self->ending)
    ms = vm_meeting_hand_over (self->meeting);
  if (!ms && vm_meeting_say_bye (self->meeting))
    ms = BYE_MS;
  if (!ms)
    return FALSE;
  self->bye_said = TRUE;
  self->then = then;
  self->bye_source = vm_timer_new (self->context, ms, on_bye_said, self);
  return TRUE;
}

static gboolean
end_after_bye (gpointer user_data)
{
  VmController *self = user_data;

  self->bye_said = FALSE;
  if (self->meeting && !self->hung_up)
    vm_meeting_end_call (self->meeting, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
end_meeting_after_bye (gpointer user_data)
{
  VmController *self = user_data;

  if (self->meeting && !self->hung_up)
    vm_meeting_end (self->meeting, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean end_meeting_after_flush (gpointer user_data);

static gboolean
end_meeting (VmController *self, GError **error)
{
  self->ending = VM_PLUGIN (vm_meeting_get_hosting) (self->meeting);
  if (self->ending && vm_controller_flush_chat (self, end_meeting_after_flush))
    return TRUE;
  return (self->ending && vm_controller_say_bye (self, end_meeting_after_bye))
         || vm_meeting_end (self->meeting, error);
}

static gboolean
end_meeting_after_flush (gpointer user_data)
{
  VmController *self = user_data;

  if (self->meeting && !self->hung_up)
    end_meeting (self, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean end_call_after_flush (gpointer user_data);

static gboolean
end_call (VmController *self, GError **error)
{
  if (vm_controller_flush_chat (self, end_call_after_flush))
    return TRUE;
  /* the next call has a time of its own */
  self->flush_until = 0;
  return (self->links->len && vm_controller_say_bye (self, end_after_bye))
         || vm_meeting_end_call (self->meeting, error);
}

static gboolean
end_call_after_flush (gpointer user_data)
{
  VmController *self = user_data;

  if (self->meeting && !self->hung_up)
    end_call (self, NULL);
  return G_SOURCE_REMOVE;
}

/* What the application does */

typedef struct
{
  VmController *controller;
  VmControllerAction action;
  gchar *id, *text;
  gboolean a, b;
} Act;

static void
act_free (gpointer data)
{
  Act *act = data;

  g_free (act->id);
  g_free (act->text);
  g_free (act);
}

static VmParticipant *
find_participant (VmController *self, const gchar *id, GError **error)
{
  g_autolist (VmParticipant) all = vm_meeting_list_participants (self->meeting);

  for (GList *l = all; l; l = l->next) {
    if (g_strcmp0 (vm_participant_get_id (l->data), id) == 0)
      return g_object_ref (l->data);
  }
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "No other participant “%s” is in the meeting", id ? id : "");
  return NULL;
}

static gboolean
send_chat (VmController *self, const Act *act, GError **error)
{
  g_autoptr (VmParticipant) to = NULL;

  if (act->id && *act->id && !(to = find_participant (self, act->id, error)))
    return FALSE;
  return vm_meeting_send_chat (self->meeting, to, act->text, error);
}

static gboolean
compare (VmController *self, const Act *act, GError **error)
{
  g_autoptr (VmParticipant) who = find_participant (self, act->id, error);
  VmLink *link = who ? vm_controller_find_link (self, who) : NULL;

  if (!link) {
    if (who)
      g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
          "There is no connection to %s", vm_participant_get_user (who));
    return FALSE;
  }
  return act->action == VM_CONTROLLER_ACTION_COMPARE
             ? vm_link_compare (link, error)
             : vm_link_answer_compare (link, act->a, error);
}

static gboolean
perform (VmController *self, const Act *act, GError **error)
{
  g_autoptr (VmParticipant) who = NULL;

  if (!self->meeting || self->hung_up) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "This device is not in the meeting");
    return FALSE;
  }
  switch (act->action) {
    case VM_CONTROLLER_ACTION_SEND_CHAT:
      return send_chat (self, act, error);
    case VM_CONTROLLER_ACTION_KICK:
      who = find_participant (self, act->id, error);
      return who && vm_meeting_kick (self->meeting, who, error);
    case VM_CONTROLLER_ACTION_REACT:
      return vm_meeting_react (self->meeting, act->text, error);
    case VM_CONTROLLER_ACTION_UNBAN:
      return vm_meeting_unban (self->meeting, act->id ? act->id : "", error);
    case VM_CONTROLLER_ACTION_MUTE_REQUEST:
      who = find_participant (self, act->id, error);
      return who
             && vm_meeting_mute_request (
                 self->meeting, who, act->a, act->b, error);
    case VM_CONTROLLER_ACTION_LOCK:
      return vm_meeting_set_locked (self->meeting, act->a, error);
    case VM_CONTROLLER_ACTION_END:
      return end_meeting (self, error);
    case VM_CONTROLLER_ACTION_CALL:
      return vm_meeting_call (self->meeting, act->id ? act->id : "", error);
    case VM_CONTROLLER_ACTION_ACCEPT_CALL:
      return vm_meeting_accept_call (self->meeting, error);
    case VM_CONTROLLER_ACTION_REJECT_CALL:
      return vm_meeting_reject_call (self->meeting, error);
    case VM_CONTROLLER_ACTION_END_CALL:
      return end_call (self, error);
    case VM_CONTROLLER_ACTION_COMPARE:
    case VM_CONTROLLER_ACTION_COMPARED:
      return compare (self, act, error);
    case VM_CONTROLLER_ACTION_CONFIRM_HOST:
      return vm_meeting_confirm_host (self->meeting, act->id, act->a, error);
  }
  g_return_val_if_reached (FALSE);
}

static gboolean
on_act (gpointer user_data)
{
  const Act *act = user_data;
  VmController *self = act->controller;
  g_autoptr (GError) error = NULL;

  if (!perform (self, act, &error))
    warn (self, error);
  return G_SOURCE_REMOVE;
}

void
vm_controller_act (VmController *self, VmControllerAction action,
    const gchar *id, const gchar *text, gboolean a, gboolean b)
{
  Act *act = g_new0 (Act, 1);

  act->controller = self;
  act->action = action;
  act->id = g_strdup (id);
  act->text = g_strdup (text ? text : "");
  act->a = a;
  act->b = b;
  vm_controller_invoke (self, on_act, act, act_free);
}
