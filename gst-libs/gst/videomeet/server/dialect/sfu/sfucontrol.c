/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/sfu/sfucontrol.h"
#include "wire/janus/januswrite.h"

#include <string.h>

#define SECRET_BYTES 16

typedef enum
{
  PAUSED, /* until the next attempt */
  OPENING,
  CREATING, /* the session */
  ATTACHING, /* the handle */
  READY,
} State;

/* What waits for its answer. */
typedef enum
{
  NOTHING,
  SESSION,
  HANDLE,
  ROOM,
  END,
  KEEPALIVE,
} Request;

typedef struct
{
  gchar *id; /* of the meeting */
  gint64 number;
  gchar *pin, *secret;
  guint publishers;
  gboolean wanted;
  gboolean asked; /* Janus may have it */
  gboolean made; /* it had it */
  gboolean there; /* it has it, as far as this connection knows */
} Room;

struct _VmSfuControl
{
  VmSfuControlFuncs funcs;
  gpointer user_data;
  gchar *api_secret;
  State state;
  gint64 until; /* of a pause, of opening, or of an answer */
  gint64 pause; /* the last one */
  gint64 ready_at;
  gint64 sent_at;
  gint64 session, handle;
  guint transaction;
  Request waits;
  gchar *waits_for; /* of ROOM and END: the meeting */
  GPtrArray *rooms; /* of Room */
  gboolean hurries;
  gboolean told; /* that it cannot be reached */
};

static void
room_free (gpointer data)
{
  Room *room = data;

  g_free (room->id);
  g_free (room->pin);
  g_free (room->secret);
  g_free (room);
}

VmSfuControl *
vm_sfu_control_new (
    const VmSfuControlFuncs *funcs, const gchar *api_secret, gpointer user_data)
{
  VmSfuControl *control = g_new0 (VmSfuControl, 1);

  control->funcs = *funcs;
  control->user_data = user_data;
  control->api_secret = g_strdup (api_secret);
  control->session = control->handle = -1;
  control->rooms = g_ptr_array_new_with_free_func (room_free);
  return control;
}

void
vm_sfu_control_free (VmSfuControl *control)
{
  g_free (control->api_secret);
  g_free (control->waits_for);
  g_ptr_array_unref (control->rooms);
  g_free (control);
}

static Room *
find (VmSfuControl *control, const gchar *id)
{
  for (guint i = 0; id && i < control->rooms->len; i++) {
    Room *room = control->rooms->pdata[i];

    if (strcmp (room->id, id) == 0)
      return room;
  }
  return NULL;
}

/* The connection */

static void
expect (VmSfuControl *control, Request request, const gchar *id)
{
  control->waits = request;
  g_free (control->waits_for);
  control->waits_for = g_strdup (id);
}

static gint64
next_pause (const VmSfuControl *control, gint64 now)
{
  if (control->state == READY && now - control->ready_at >= VM_SFU_STEADY_TIME)
    return VM_SFU_PAUSE_MIN;
  return CLAMP (control->pause * 2, VM_SFU_PAUSE_MIN, VM_SFU_PAUSE_MAX);
}

/* Janus cannot be reached, or does not do what it is asked for. */
static void
lose (VmSfuControl *control, const GError *why, gint64 now)
{
  control->pause = next_pause (control, now);
  control->until = now + control->pause;
  control->state = PAUSED;
  control->session = control->handle = -1;
  expect (control, NOTHING, NULL);
  for (guint i = 0; i < control->rooms->len; i++)
    ((Room *) control->rooms->pdata[i])->there = FALSE;
  control->funcs.close (control->user_data);
  if (control->told || control->hurries)
    return;
  control->told = TRUE;
  control->funcs.reached (why, control->user_data);
}

static void
lose_with (VmSfuControl *control, const gchar *why, gint64 now)
{
  g_autoptr (GError) error =
      g_error_new_literal (VM_ERROR, VM_ERROR_DISCONNECTED, why);

  lose (control, error, now);
}

static VmJanusHead
begin (VmSfuControl *control, gint64 now)
{
  control->sent_at = now;
  control->until = now + VM_SFU_ANSWER_TIME;
  return (VmJanusHead){ .transaction = ++control->transaction,
    .session = control->session,
    .handle = control->handle,
    .api_secret = control->api_secret };
}

static void
send (VmSfuControl *control, gchar *text)
{
  control->funcs.send (text, control->user_data);
  g_free (text);
}

/* Rooms */

static gchar *
make_secret (VmSfuControl *control)
{
  guint8 bytes[SECRET_BYTES];
  GString *text = g_string_new (NULL);

  control->funcs.random (bytes, sizeof bytes, control->user_data);
  for (guint i = 0; i < sizeof bytes; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  return g_string_free (text, FALSE);
}

static gint64
make_number (VmSfuControl *control)
{
  guint64 number;

  control->funcs.random ((guint8 *) &number, sizeof number, control->user_data);
  return MAX (number & (guint64) VM_JANUS_ID_MAX, 1);
}

static void
send_room (VmSfuControl *control, Room *room, gint64 now)
{
  const VmJanusHead head = begin (control, now);
  const VmJanusNewRoom described = { .room = room->number,
    .publishers = room->publishers,
    .pin = room->pin,
    .secret = room->secret };

  room->asked = TRUE;
  expect (control, ROOM, room->id);
  send (control, vm_janus_write_create_room (&head, &described));
}

static void
send_end (VmSfuControl *control, Room *room, gint64 now)
{
  const VmJanusHead head = begin (control, now);

  room->there = FALSE;
  expect (control, END, room->id);
  send (
      control, vm_janus_write_destroy_room (&head, room->number, room->secret));
}

static void
end_all (VmSfuControl *control, gint64 now)
{
  for (guint i = control->rooms->len; i > 0; i--) {
    Room *room = control->rooms->pdata[i - 1];

    if (room->wanted)
      continue;
    if (room->asked)
      send_end (control, room, now);
    g_ptr_array_remove_index (control->rooms, i - 1);
  }
}

/* One request at a time. */
static void
go_on (VmSfuControl *control, gint64 now)
{
  if (control->state != READY)
    return;
  if (control->hurries) {
    end_all (control, now);
    return;
  }
  for (guint i = 0; i < control->rooms->len && control->waits == NOTHING; i++) {
    Room *room = control->rooms->pdata[i];

    if (!room->wanted)
      send_end (control, room, now);
    else if (!room->there)
      send_room (control, room, now);
  }
}

void
vm_sfu_control_make (
    VmSfuControl *control, const gchar *id, guint publishers, gint64 now)
{
  Room *room = find (control, id);

  if (!room) {
    room = g_new0 (Room, 1);
    room->id = g_strdup (id);
    room->number = make_number (control);
    room->pin = make_secret (control);
    room->secret = make_secret (control);
    g_ptr_array_add (control->rooms, room);
  }
  room->publishers = publishers;
  room->wanted = TRUE;
  /* it is there, and its end was not sent yet */
  if (room->there)
    control->funcs.made (room->id, room->number, control->user_data);
  else
    go_on (control, now);
}

void
vm_sfu_control_end (VmSfuControl *control, const gchar *id, gint64 now)
{
  Room *room = find (control, id);

  if (!room)
    return;
  room->wanted = FALSE;
  if (!room->asked)
    g_ptr_array_remove (control->rooms, room);
  else
    go_on (control, now);
}

gboolean
vm_sfu_control_find (
    VmSfuControl *control, const gchar *id, gint64 *number, const gchar **pin)
{
  const Room *room = find (control, id);

  if (!room || !room->made || !room->wanted)
    return FALSE;
  *number = room->number;
  *pin = room->pin;
  return TRUE;
}

void
vm_sfu_control_hurry (VmSfuControl *control)
{
  control->hurries = TRUE;
}

/* Answers */

static void
take_refusal (VmSfuControl *control, Room *room, const GError *why, gint64 now)
{
  g_autofree gchar *id = room && room->wanted ? g_strdup (room->id) : NULL;

  if (room)
    room->asked = room->made = FALSE;
  lose (control, why, now);
  if (id)
    control->funcs.made (id, 0, control->user_data);
}

static void
take_room (VmSfuControl *control, const VmJanusMessage *message, gint64 now)
{
  Room *room = find (control, control->waits_for);
  g_autoptr (GError) error = NULL;

  /* of a number that nobody here has given, the room is somebody else's */
  if (room && message->code == VM_JANUS_ROOM_EXISTS && !room->made) {
    room->number = make_number (control);
    return;
  }
  if (room && (!message->code || message->code == VM_JANUS_ROOM_EXISTS)) {
    room->there = room->made = TRUE;
    if (room->wanted)
      control->funcs.made (room->id, room->number, control->user_data);
    return;
  }
  error = vm_janus_message_get_error (message);
  if (error)
    take_refusal (control, room, error, now);
}

/* Whatever Janus says of it: it is not there any more. */
static void
take_end (VmSfuControl *control)
{
  Room *room = find (control, control->waits_for);

  if (room && !room->wanted)
    g_ptr_array_remove (control->rooms, room);
  else if (room)
    room->there = room->made = room->asked = FALSE;
}

static void
attach (VmSfuControl *control, gint64 session, gint64 now)
{
  VmJanusHead head;

  control->session = session;
  control->state = ATTACHING;
  head = begin (control, now);
  expect (control, HANDLE, NULL);
  send (control, vm_janus_write_attach (&head));
}

static void
become_ready (VmSfuControl *control, gint64 handle, gint64 now)
{
  control->handle = handle;
  control->state = READY;
  control->ready_at = now;
  control->told = FALSE;
  control->funcs.reached (NULL, control->user_data);
}

static void
take_answer (VmSfuControl *control, const VmJanusMessage *message, gint64 now)
{
  Request request = control->waits;

  control->waits = NOTHING;
  switch (request) {
    case SESSION:
    case HANDLE:
      if (message->id < 0)
        lose_with (control, "Janus answers without an id", now);
      else if (request == SESSION)
        attach (control, message->id, now);
      else
        become_ready (control, message->id, now);
      break;
    case ROOM:
      take_room (control, message, now);
      break;
    case END:
      take_end (control);
      break;
    default:
      break;
  }
  go_on (control, now);
}

static gboolean
is_answer (const VmSfuControl *control, const VmJanusMessage *message)
{
  g_autofree gchar *transaction = g_strdup_printf ("%u", control->transaction);

  if (control->waits == NOTHING
      || g_strcmp0 (message->transaction, transaction) != 0)
    return FALSE;
  /* that it has come, before what comes of it */
  return message->type != VM_JANUS_ACK || control->waits == KEEPALIVE;
}

static gboolean
ends_session (const VmSfuControl *control, const VmJanusMessage *message)
{
  return (message->type == VM_JANUS_TIMEOUT
             && message->session == control->session)
         || (message->type == VM_JANUS_DETACHED
             && message->sender == control->handle);
}

void
vm_sfu_control_receive (
    VmSfuControl *control, const gchar *data, gsize size, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmJanusMessage) message = NULL;

  if (control->state < CREATING)
    return;
  message = vm_janus_message_read (data, size, &error);
  if (!message) {
    lose (control, error, now);
  } else if (ends_session (control, message)) {
    lose_with (control, "Janus has ended the server's session", now);
  } else if (is_answer (control, message)) {
    if (message->type == VM_JANUS_ERROR)
      error = vm_janus_message_get_error (message);
    if (error)
      lose (control, error, now);
    else
      take_answer (control, message, now);
  }
}

void
vm_sfu_control_opened (VmSfuControl *control, gint64 now)
{
  VmJanusHead head;

  if (control->state != OPENING)
    return;
  control->state = CREATING;
  head = begin (control, now);
  expect (control, SESSION, NULL);
  send (control, vm_janus_write_create (&head));
}

void
vm_sfu_control_closed (VmSfuControl *control, gint64 now)
{
  if (control->state != PAUSED)
    lose_with (control,
        control->state == OPENING ? "Janus does not answer"
                                  : "Janus has closed the connection",
        now);
}

static void
keep_alive (VmSfuControl *control, gint64 now)
{
  const VmJanusHead head = begin (control, now);

  expect (control, KEEPALIVE, NULL);
  send (control, vm_janus_write_keepalive (&head));
}

void
vm_sfu_control_tick (VmSfuControl *control, gint64 now)
{
  if (control->hurries)
    return;
  if (control->state == PAUSED && now >= control->until) {
    control->state = OPENING;
    control->until = now + VM_SFU_ANSWER_TIME;
    control->funcs.open (control->user_data);
  } else if ((control->state == OPENING || control->waits != NOTHING)
             && now >= control->until) {
    lose_with (control, "Janus does not answer", now);
  } else if (control->state == READY && control->waits == NOTHING
             && now - control->sent_at >= VM_SFU_KEEPALIVE_TIME) {
    keep_alive (control, now);
  }
}
