/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The mark behind the name of a participant of a room of Janus whose media
 * comes from a meeting elsewhere (protocol/bridge.md#mark): "Bob ⟨MID:PID⟩",
 * with the id of the meeting and that of the participant in it. Its own users
 * do not see it, and by it nobody is brought back to where he came from. */

/* The name to join with. @name is cut where both would be longer than
 * VM_SIGNAL_NAME_MAX bytes. Returns: (transfer full) */
gchar *vm_janus_mark_add (
    const gchar *name, const gchar *meeting_id, const gchar *participant_id);
/* The name without its mark; "" if there is nothing else. @mark: its inside,
 * "MID:PID", or NULL where @display has none. Returns: (transfer full) */
gchar *vm_janus_mark_split (const gchar *display, gchar **mark);
/* The id of the participant, if @mark is of that meeting; else NULL. */
const gchar *vm_janus_mark_find (const gchar *mark, const gchar *meeting_id);
