/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The library with a server that lies: loaded before the real one, it makes of
 * a host one that alters what two of its guests say to each other, or lets in
 * whom it does not trust, or tells of keys that they have not, as $VM_LIE says.
 * The linker puts __wrap_vm_room_send() in the place of vm_room_send(), and so
 * with the others. */

#include <gst/videomeet/room/rooms-priv.h>
#include <gst/videomeet/wire/line.h>

#include <string.h>

void
__real_vm_room_send (VmRoom *room, VmMember *member, const VmSignal *signal);
void
__wrap_vm_room_send (VmRoom *room, VmMember *member, const VmSignal *signal);

gboolean __real_vm_room_trusts (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel *level, GError **error);
gboolean __wrap_vm_room_trusts (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel *level, GError **error);
GBytes *__real_vm_line_format (VmLine *line, const VmSignal *signal);
GBytes *__wrap_vm_line_format (VmLine *line, const VmSignal *signal);
void __real_vm_member_leave (VmMember *member, const GError *reason);
void __wrap_vm_member_leave (VmMember *member, const GError *reason);

/* The first of its kind that was passed on. */
typedef struct
{
  gchar *sdp, *identity, *session;
  gint generation;
} Kept;

static Kept kept[2];

static void
set_fingerprint (VmSignal *signal)
{
  g_autofree gchar *sdp = vm_span_to_string (signal->sdp);
  gchar *at = sdp;

  while ((at = strstr (at, "a=fingerprint:sha-256 "))) {
    at += strlen ("a=fingerprint:sha-256 ");
    memcpy (at, strncmp (at, "00:11", 5) ? "00:11" : "22:33", 5);
  }
  vm_signal_set_text (signal, &signal->sdp, sdp);
}

static void
strip (VmSignal *signal)
{
  memset (&signal->identity, 0, sizeof signal->identity);
}

/* The first goes through; in the place of each later one, it again. */
static void
replay (VmSignal *signal)
{
  Kept *first = &kept[signal->type == VM_SIGNAL_ANSWER];

  if (!first->sdp) {
    *first = (Kept){ vm_span_to_string (signal->sdp),
      vm_span_to_string (signal->identity), vm_span_to_string (signal->session),
      signal->generation };
    return;
  }
  vm_signal_set_text (signal, &signal->sdp, first->sdp);
  vm_signal_set_text (signal, &signal->identity, first->identity);
}

static void
lie_about (VmSignal *signal)
{
  const gchar *lie = g_getenv ("VM_LIE");
  gboolean answer = signal->type == VM_SIGNAL_ANSWER;

  if (!lie || g_str_has_suffix (lie, "answer") != answer)
    return;
  if (g_str_has_prefix (lie, "fingerprint"))
    set_fingerprint (signal);
  else if (g_str_has_prefix (lie, "strip"))
    strip (signal);
  else if (g_str_has_prefix (lie, "replay"))
    replay (signal);
}

/* Words in the name of the one, for the other. */
static void
add_chat (VmRoom *room, VmMember *member, const VmSignal *signal)
{
  g_autoptr (VmSignal) chat = vm_signal_new (VM_SIGNAL_CHAT);

  chat->from = g_strdup (signal->from);
  chat->to = g_strdup (signal->to);
  chat->id = g_strdup ("forged");
  chat->text = g_strdup ("I never said this");
  __real_vm_room_send (room, member, chat);
}

void
__wrap_vm_room_send (VmRoom *room, VmMember *member, const VmSignal *signal)
{
  gboolean description =
      signal->type == VM_SIGNAL_OFFER || signal->type == VM_SIGNAL_ANSWER;
  const gchar *host = room->host ? room->host->id : NULL;

  /* what the host itself says, and is told, is true */
  if (description && signal->from && g_strcmp0 (signal->from, host) != 0
      && member != room->host) {
    lie_about ((VmSignal *) signal);
    if (g_strcmp0 (g_getenv ("VM_LIE"), "chat") == 0)
      add_chat (room, member, signal);
  }
  __real_vm_room_send (room, member, signal);
}

/* Another key than each of them has, but the host. Done twice, it is as it
 * was. */
static void
swap_keys (const VmSignal *signal)
{
  for (guint i = 0; i < signal->participants->len; i++) {
    VmSignalParticipant *who = g_ptr_array_index (signal->participants, i);

    if (who->device_id && !who->host)
      g_strreverse (who->device_id);
  }
}

/* What is told to guests: the host itself has no line. */
GBytes *
__wrap_vm_line_format (VmLine *line, const VmSignal *signal)
{
  gboolean keys = g_strcmp0 (g_getenv ("VM_LIE"), "keys") == 0;
  GBytes *bytes;

  if (keys)
    swap_keys (signal);
  bytes = __real_vm_line_format (line, signal);
  if (keys)
    swap_keys (signal);
  return bytes;
}

static gboolean
admits (void)
{
  return g_strcmp0 (g_getenv ("VM_LIE"), "admit") == 0;
}

/* Whoever comes comes in, */
gboolean
__wrap_vm_room_trusts (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel *level, GError **error)
{
  if (!admits ())
    return __real_vm_room_trusts (room, bearer, level, error);
  __real_vm_room_trusts (room, bearer, level, NULL);
  return TRUE;
}

/* and is not sent out again. */
void
__wrap_vm_member_leave (VmMember *member, const GError *reason)
{
  if (!admits () || !g_error_matches (reason, VM_ERROR, VM_ERROR_NOT_TRUSTED))
    __real_vm_member_leave (member, reason);
}
