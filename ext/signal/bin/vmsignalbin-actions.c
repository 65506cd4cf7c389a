/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signals of vmsignalbin: what an application asks it to do, and what it
 * tells besides its messages on the bus. */

#include "bin/vmsignalbin-priv.h"

#include <string.h>

static void
act (VmSignalBin *self, VmControllerAction action, const gchar *id,
    const gchar *text, gboolean a, gboolean b)
{
  g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

  if (controller)
    vm_controller_act (controller, action, id, text, a, b);
  else
    GST_ELEMENT_WARNING_WITH_DETAILS (self, RESOURCE, FAILED,
        ("This device is not in the meeting"), (NULL),
        ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_DISCONNECTED),
            NULL));
}

static void
hang_up (VmSignalBin *self)
{
  g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

  if (controller)
    vm_controller_hang_up (controller);
}

static void
restart_ice (VmSignalBin *self, const gchar *participant_id)
{
  g_autoptr (VmController) controller = vm_signal_bin_ref_controller (self);

  if (controller)
    vm_controller_restart_ice (controller, participant_id);
}

static void
send_chat (VmSignalBin *self, const gchar *text, const gchar *participant_id)
{
  act (
      self, VM_CONTROLLER_ACTION_SEND_CHAT, participant_id, text, FALSE, FALSE);
}

static void
kick (VmSignalBin *self, const gchar *participant_id)
{
  act (self, VM_CONTROLLER_ACTION_KICK, participant_id, NULL, FALSE, FALSE);
}

static void
unban (VmSignalBin *self, const gchar *participant_id)
{
  act (self, VM_CONTROLLER_ACTION_UNBAN, participant_id, NULL, FALSE, FALSE);
}

static void
lock (VmSignalBin *self, gboolean locked)
{
  act (self, VM_CONTROLLER_ACTION_LOCK, NULL, NULL, locked, FALSE);
}

static void
mute_request (VmSignalBin *self, const gchar *participant_id, gboolean audio,
    gboolean video)
{
  act (self, VM_CONTROLLER_ACTION_MUTE_REQUEST, participant_id, NULL, audio,
      video);
}

static void
end_meeting (VmSignalBin *self)
{
  act (self, VM_CONTROLLER_ACTION_END, NULL, NULL, FALSE, FALSE);
}

static void
set_status (VmSignalBin *self, const gchar *status)
{
  g_object_set (self, "status", status, NULL);
}

static void
react (VmSignalBin *self, const gchar *reaction)
{
  act (self, VM_CONTROLLER_ACTION_REACT, NULL, reaction, FALSE, FALSE);
}

static void
raise_hand (VmSignalBin *self, gboolean raised)
{
  g_object_set (self, "hand", raised, NULL);
}

static void
call_user (VmSignalBin *self, const gchar *user_id)
{
  act (self, VM_CONTROLLER_ACTION_CALL, user_id, NULL, FALSE, FALSE);
}

static void
accept_call (VmSignalBin *self)
{
  act (self, VM_CONTROLLER_ACTION_ACCEPT_CALL, NULL, NULL, FALSE, FALSE);
}

static void
reject_call (VmSignalBin *self)
{
  act (self, VM_CONTROLLER_ACTION_REJECT_CALL, NULL, NULL, FALSE, FALSE);
}

static void
end_call (VmSignalBin *self)
{
  act (self, VM_CONTROLLER_ACTION_END_CALL, NULL, NULL, FALSE, FALSE);
}

static void
compare (VmSignalBin *self, const gchar *participant_id)
{
  act (self, VM_CONTROLLER_ACTION_COMPARE, participant_id, NULL, FALSE, FALSE);
}

static void
compared (VmSignalBin *self, const gchar *participant_id, gboolean same)
{
  act (self, VM_CONTROLLER_ACTION_COMPARED, participant_id, NULL, same, FALSE);
}

static void
confirm_host (VmSignalBin *self, const gchar *device_id, gboolean is_right)
{
  act (self, VM_CONTROLLER_ACTION_CONFIRM_HOST, device_id, NULL, is_right,
      FALSE);
}

static void
install (const gchar *name, GCallback handler, guint n, ...)
{
  GClosure *closure = g_cclosure_new (handler, NULL, NULL);
  va_list types;

  va_start (types, n);
  g_signal_new_valist (name, VM_TYPE_SIGNAL_BIN,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, closure, NULL, NULL, NULL,
      G_TYPE_NONE, n, types);
  va_end (types);
}

/* What gst-inspect-1.0 does not tell of a signal: the names of its
 * arguments. */
typedef struct
{
  const gchar *name, *arguments;
} Signature;

/* Each tells what the message `vm-NAME` tells, as the same structure. Who is
 * the active-speaker comes from the audio levels that devices send along (RFC
 * 6464); of those that send none nothing is known. */
static const Signature told[] = {
  { "meeting-state-changed",
      "(vm-meeting-state-changed: old string, new string, id string, name "
      "string, link string, hosting boolean)" },
  { "joined", "(vm-joined: id string, link string, hosting boolean)" },
  { "participant-joined",
      "(vm-participant-joined: id string, user string, device string, "
      "device-id string, fingerprint string, host boolean, trust string, "
      "trusted boolean, voucher string, via string, origin string, origin-id "
      "string)" },
  { "participant-left", "(vm-participant-left: id string, user string, code "
                        "string, message string)" },
  { "participant-state-changed", "(vm-participant-state-changed: id string, "
                                 "user string, old string, new string)" },
  { "participant-detached",
      "(vm-participant-detached: id string, user string, detached boolean)" },
  { "participant-trust",
      "(vm-participant-trust: id string, user string, old string, trust "
      "string, trusted boolean, voucher string)" },
  { "path-changed", "(vm-path-changed: id string, user string, path string, "
                    "protocol string, ip-version uint)" },
  { "media-missing", "(vm-media-missing: id string, user string, audio "
                     "boolean, video boolean, message string)" },
  { "record", "(vm-record: id string, user string, location string, event "
              "string, message string)" },
  { "chat-received",
      "(vm-chat-received: id string, user string, text string, time string, "
      "message-id string, private boolean, old boolean)" },
  { "chat-undelivered", "(vm-chat-undelivered: id string, user string, text "
                        "string, message-id string)" },
  { "presence", "(vm-presence: id string, user string, status string, "
                "audio-muted boolean, video-muted boolean)" },
  { "hand-changed",
      "(vm-hand-changed: id string, user string, raised boolean)" },
  { "reaction", "(vm-reaction: id string, user string, reaction string)" },
  { "mute-requested", "(vm-mute-requested: audio boolean, video boolean)" },
  { "locked", "(vm-locked: locked boolean)" },
  { "kicked", "(vm-kicked: message string)" },
  { "host-unknown",
      "(vm-host-unknown: device-id string, user string, device string)" },
  { "host-lost", "(vm-host-lost: id string, user string)" },
  { "host-returned", "(vm-host-returned: id string, user string)" },
  { "host-changed", "(vm-host-changed: id string, user string, hosting "
                    "boolean, link string)" },
  { "rejoining", "(vm-rejoining: code string, message string)" },
  { "active-speaker", "(vm-active-speaker: id string)" },
  { "call-offered",
      "(vm-call-offered: id string, user string, call-type string)" },
  { "call-missed", "(vm-call-missed: id string, user string)" },
  { "heartbeat-changed",
      "(vm-heartbeat-changed: id string, user string, beats boolean)" },
  { "compare", "(vm-compare: id string, user string, event string, digits "
               "string, asked boolean)" },
  { "bridge", "(vm-bridge: event string, uri string, user string, message "
              "string, code string)" },
  { "bridge-role", "(vm-bridge-role: id string, user string, role string)" },
};

static const Signature actions[] = {
  { "hang-up", "()" },
  { "restart-ice", "(participant-id string or NULL)" },
  { "send-chat", "(text string, participant-id string or NULL)" },
  { "compare-digits", "(participant-id string)" },
  { "compared-digits", "(participant-id string, same boolean)" },
  { "confirm-host", "(device-id string, is-right boolean)" },
  { "kick", "(participant-id string)" },
  { "unban", "(participant-id string)" },
  { "lock", "(locked boolean)" },
  { "mute-request", "(participant-id string, audio boolean, video boolean)" },
  { "end-meeting", "()" },
  { "set-status", "(status string or NULL)" },
  { "raise-hand", "(raised boolean)" },
  { "react", "(reaction string)" },
  { "call", "(user-id string)" },
  { "accept-call", "()" },
  { "reject-call", "()" },
  { "end-call", "()" },
};

void
vm_signal_bin_tell (VmSignalBin *self, const GstStructure *structure)
{
  const gchar *name = gst_structure_get_name (structure) + strlen ("vm-");
  guint id = g_signal_lookup (name, VM_TYPE_SIGNAL_BIN);

  if (id && g_signal_has_handler_pending (self, id, 0, FALSE))
    g_signal_emit (self, id, 0, structure);
}

static void
install_call_actions (void)
{
  /**
   * vmsignalbin::hang-up:
   * @self: the element
   *
   * Says bye; every src pad gets EOS, then the element posts its own. A host
   * ends the meeting by it. Any thread, as all of these.
   */
  install ("hang-up", G_CALLBACK (hang_up), 0);
  /**
   * vmsignalbin::restart-ice:
   * @self: the element
   * @participant_id: (nullable): whose connection is made anew; %NULL for all
   *
   * Replaces a connection by a new one.
   */
  install ("restart-ice", G_CALLBACK (restart_ice), 1, G_TYPE_STRING);
  /**
   * vmsignalbin::send-chat:
   * @self: the element
   * @text: 1 to 4096 bytes of UTF-8 without control characters but newline and
   *   tab
   * @participant_id: (nullable): who alone shall read it; %NULL for everybody
   *
   * Says something in writing. What comes of it, of this and of the actions
   * below, is a warning on the bus when it cannot be done, with the field
   * `code` in its details.
   */
  install (
      "send-chat", G_CALLBACK (send_chat), 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
install_host_actions (void)
{
  /**
   * vmsignalbin::confirm-host:
   * @self: the element, which has told of a host by `vm-host-unknown`
   * @device_id: that host's
   * @is_right: whether the host shows its user the same: then it is shown the
   *   PIN; else it is not asked again
   */
  install ("confirm-host", G_CALLBACK (confirm_host), 2, G_TYPE_STRING,
      G_TYPE_BOOLEAN);
  /**
   * vmsignalbin::kick:
   * @self: the element, whose device hosts the meeting
   * @participant_id: who is removed from it
   */
  install ("kick", G_CALLBACK (kick), 1, G_TYPE_STRING);
  /**
   * vmsignalbin::unban:
   * @self: the element, whose device hosts the meeting
   * @participant_id: the id of who was removed and may come again
   */
  install ("unban", G_CALLBACK (unban), 1, G_TYPE_STRING);
  /**
   * vmsignalbin::lock:
   * @self: the element, whose device hosts the meeting
   * @locked: whether nobody else is admitted
   */
  install ("lock", G_CALLBACK (lock), 1, G_TYPE_BOOLEAN);
  /**
   * vmsignalbin::mute-request:
   * @self: the element, whose device hosts the meeting
   * @participant_id: who is asked
   * @audio: to mute its sound
   * @video: to hold its picture back
   *
   * Asks a participant to mute itself; nobody can be asked to be heard again.
   */
  install ("mute-request", G_CALLBACK (mute_request), 3, G_TYPE_STRING,
      G_TYPE_BOOLEAN, G_TYPE_BOOLEAN);
  /**
   * vmsignalbin::end-meeting:
   * @self: the element, whose device hosts the meeting
   *
   * Sends everybody out.
   */
  install ("end-meeting", G_CALLBACK (end_meeting), 0);
}

static void
install_compare_actions (void)
{
  /**
   * vmsignalbin::compare-digits:
   * @self: the element
   * @participant_id: with whom this user compares digits
   *
   * Asks the other side for six digits, which both users see and read to each
   * other: they are the same only if nobody is between the two. What comes of
   * it is told by `vm-compare`, whose `event` is `digits` (with them, and
   * `asked` if the other side wanted them), `unanswered`, `changed` (the
   * connection, meanwhile), `wrong`, `same` or `different` (as this user has
   * found), `differs` (as the other user has found), or `over` (it was the
   * same, on another connection).
   */
  install ("compare-digits", G_CALLBACK (compare), 1, G_TYPE_STRING);
  /**
   * vmsignalbin::compared-digits:
   * @self: the element, which has told of digits by `vm-compare`
   * @participant_id: whose
   * @same: whether both users see the same
   */
  install ("compared-digits", G_CALLBACK (compared), 2, G_TYPE_STRING,
      G_TYPE_BOOLEAN);
}

static void
install_presence_actions (void)
{
  /**
   * vmsignalbin::set-status:
   * @self: the element
   * @status: (nullable): what this participant is doing
   *
   * Sets the property status.
   */
  install ("set-status", G_CALLBACK (set_status), 1, G_TYPE_STRING);
  /**
   * vmsignalbin::raise-hand:
   * @self: the element
   * @raised: whether this participant's hand is up
   *
   * Sets the property hand.
   */
  install ("raise-hand", G_CALLBACK (raise_hand), 1, G_TYPE_BOOLEAN);
  /**
   * vmsignalbin::react:
   * @self: the element
   * @reaction: a sign of at most 8 bytes, as "👍"
   *
   * Shows the others a sign for a moment.
   */
  install ("react", G_CALLBACK (react), 1, G_TYPE_STRING);
}

static void
install_ring_actions (void)
{
  /**
   * vmsignalbin::call:
   * @self: the element, at a server with dialect=call
   * @user_id: who is called there
   *
   * Calls a user: it is a participant from now on, and leaves with a `code`
   * when it declines, is not there, has another call or does not answer.
   */
  install ("call", G_CALLBACK (call_user), 1, G_TYPE_STRING);
  /**
   * vmsignalbin::accept-call:
   * @self: the element, which has told of a call by `vm-call-offered`
   *
   * The caller becomes a participant.
   */
  install ("accept-call", G_CALLBACK (accept_call), 0);
  /**
   * vmsignalbin::reject-call:
   * @self: the element, which has told of a call by `vm-call-offered`
   *
   * Declines it.
   */
  install ("reject-call", G_CALLBACK (reject_call), 0);
  /**
   * vmsignalbin::end-call:
   * @self: the element, at a server with dialect=call
   *
   * Ends the call that was made or accepted; others can be. To leave the
   * server, hang-up.
   */
  install ("end-call", G_CALLBACK (end_call), 0);
}

void
vm_signal_bin_install_signals (void)
{
  install_call_actions ();
  install_host_actions ();
  install_compare_actions ();
  install_presence_actions ();
  install_ring_actions ();
  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    g_signal_new (told[i].name, VM_TYPE_SIGNAL_BIN, G_SIGNAL_RUN_LAST, 0, NULL,
        NULL, NULL, G_TYPE_NONE, 1,
        GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

/* Metadata, which gst-inspect-1.0 shows among the details of the factory. */
static void
describe (GstElementClass *klass, const gchar *kind, const Signature *signal)
{
  g_autofree gchar *key = g_strdup_printf ("%s:%s", kind, signal->name);

  gst_element_class_add_static_metadata (klass, key, signal->arguments);
}

void
vm_signal_bin_describe_signals (GstElementClass *klass)
{
  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    describe (klass, "signal", &told[i]);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    describe (klass, "action", &actions[i]);
}
