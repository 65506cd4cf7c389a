/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each command is called, and what its help says. */

#include "options/options-priv.h"
#include "options/spelling.h"

const VmtCommandText vmt_commands[VMT_N_COMMANDS] = {
  [VMT_COMMAND_DISCOVER] = { "discover", NULL,
      "Show the devices on the local network as they come and go",
      "This device is not announced, unless --announce says otherwise. Each\n"
      "device in the list has answered a request itself." },
  [VMT_COMMAND_HOST] = { "host", NULL, "Host a meeting on this device",
      "Without --meeting the meeting has the name of the user. Others join "
      "with\n"
      "'videomeet join NAME'. A line that you type is sent to everybody as "
      "chat;\n"
      "/help lists the commands. Ctrl-C leaves: with two or more others "
      "another "
      "of\n"
      "them goes on as host. /end ends the meeting for everybody." },
  [VMT_COMMAND_JOIN] = { "join", "NAME|URI",
      "Join a meeting on the local network",
      "NAME is looked up on the network. URI is videomeet://HOST[:PORT]/NAME, "
      "the\n"
      "https:// link that the host shows, or ws://HOST[:PORT]/ROOM (wss://), "
      "a\n"
      "room on another server, whose protocol --dialect names; "
      "janus+wss://HOST[:PORT]/ROOM is a room of a Janus server.\n"
      "A line that you type is sent to everybody as chat; /help lists the\n"
      "commands. Ctrl-C leaves.",
      "Say which meeting: 'videomeet join NAME'. 'videomeet discover' shows "
      "those there are." },
  [VMT_COMMAND_CALL] = { "call", "USER", "Call a user of a server",
      "USER is the name that the other side has given with --user. Ctrl-C "
      "ends\n"
      "the call, and so does the other side.",
      "Say whom: 'videomeet call USER --server ws://HOST:PORT'." },
  [VMT_COMMAND_ANSWER] = { "answer", NULL,
      "Wait for calls at a server and answer one",
      "Waits for a call. Type y on a line of its own to answer, n to decline.\n"
      "Ends with the call that was answered, or by Ctrl-C." },
  [VMT_COMMAND_STATUS] = { "status", "ADDR",
      "Ask one device for its name and state",
      "ADDR is HOST[:PORT]; the port is 8080 where none is given. The key\n"
      "that TLS presents is compared with the device id in the answer.",
      "Say which device: 'videomeet status HOST[:PORT]'." },
  [VMT_COMMAND_KNOWN] = { "known", NULL,
      "List the devices whose keys are remembered",
      "A device is remembered when you join its meeting for the first time. "
      "From\n"
      "then on its name is accepted only with the same key." },
  [VMT_COMMAND_FORGET] = { "forget", "DEVICE", "Forget a device and its key",
      "DEVICE is a device id, the beginning of one, or the name of a user or\n"
      "device that means one device alone. Forget a device when you know why\n"
      "its key is new: the next one that bears its name is believed.",
      "Say which device: 'videomeet forget DEVICE'. 'videomeet known' shows "
      "those that are remembered." },
  [VMT_COMMAND_TRUST] = { "trust", "ACTION [DEVICE|FILE]",
      "Trust other devices, and list or revoke trusted ones",
      "request DEVICE  ask a device for trust: both users compare six digits\n"
      "list            show the devices that are trusted, known or revoked\n"
      "show DEVICE     show what is known of one\n"
      "revoke DEVICE   trust it no longer; a call with it ends at once\n"
      "export [FILE]   write them all to FILE, or the standard output\n"
      "import FILE     read what export has written ('-': standard input)\n\n"
      "DEVICE is a device id, the beginning of one, or the name of a user or\n"
      "device that means one device alone; request looks for it on the "
      "network\n"
      "and takes HOST:PORT as well. A device that is trusted is let in by\n"
      "'videomeet host --policy require'." },
  [VMT_COMMAND_SEND] = { "send", "FILE… DEVICE[,DEVICE]…",
      "Send files to other devices or to a meeting",
      "DEVICE is a device id, the beginning of one, or the name of a user or\n"
      "device that means one device alone, looked for on the network, or\n"
      "HOST:PORT. There somebody types 'videomeet receive DIR'. Each file is\n"
      "verified before it gets its name; what was interrupted goes on where "
      "it\nwas when the same command is given again. Several devices are sent "
      "to at\nthe same time. With --meeting DEVICE is a participant of that "
      "meeting,\nby name or id, or 'everybody'. With --server DEVICE is a user "
      "whose\nagent is in the --room of that server, or its device id; folders "
      "can be\nsent, too.",
      NULL },
  [VMT_COMMAND_RECEIVE] = { "receive", "DIR",
      "Receive files from other devices into a folder",
      "DIR is made if it does not exist. You are asked about each file, "
      "unless\n"
      "--accept says otherwise. A file is verified before it gets its name.\n"
      "Ctrl-C ends; interrupted transfers are kept for seven days.",
      "Say where to: 'videomeet receive DIR'." },
  [VMT_COMMAND_AGENT] = { "agent", NULL,
      "Take files and folders, and share folders, in a room of a server",
      "Stays in the room until Ctrl-C. Others there type 'videomeet send FILE\n"
      "USER --server URL --room NAME' or 'videomeet sync DIR USER:FOLDER …'.\n"
      "What is sent goes from device to device, or encrypted through the "
      "server\nwhere there is no other way." },
  [VMT_COMMAND_SYNC] = { "sync", "DIR NAME:FOLDER",
      "Make a folder the same here and on another device",
      "NAME is a user whose agent is in the room, or the device id of one;\n"
      "FOLDER is below the folder that it shares. What has changed on one "
      "side\n"
      "is changed on the other; what has changed on both is kept twice.",
      NULL },
  [VMT_COMMAND_TERM] = { "term", "share|view [NAME|COMMAND…]",
      "Share a terminal with others, or view one",
      "share [-- COMMAND…]  run a command (default: your shell) that others "
      "see\n"
      "view NAME            see the terminal that NAME shares\n\n"
      "NAME is a user whose agent is in the room, or the device id of one. "
      "Nobody\n"
      "types into a terminal but its user and, one at a time, those whom "
      "--allow\n"
      "gives terminal:control and who ask for it. The last line says who "
      "watches\n"
      "and who controls. Keys of share: Ctrl-] takes control back at once; "
      "Ctrl-] q\n"
      "ends the command; Ctrl-] Ctrl-] types it. Keys of view: Ctrl-] c asks "
      "for\n"
      "control, Ctrl-] r gives it back, Ctrl-] q ends the view. Ctrl-C is for "
      "the\n"
      "command, but ends a view that has no control. Where the standard input "
      "and\n"
      "output are no terminal, share types nothing and shows nothing, and "
      "view\n"
      "writes what is shown, and types what it reads once it has control. "
      "share\n"
      "ends with the exit status of the command.",
      NULL },
  [VMT_COMMAND_SERVER] = { "server", NULL,
      "Run a server with rooms for pages and programs anywhere",
      "A room begins with its first participant and ends with its last. "
      "Sound,\n"
      "picture and files go between the participants directly, or over TURN\n"
      "servers; the server relays the signalling only. After SIGTERM or "
      "Ctrl-C\n"
      "it admits nobody and ends after --drain; a second one ends it at "
      "once." },
  [VMT_COMMAND_DOCTOR] = { "doctor", NULL,
      "Check what this machine and its network can do",
      "Checks the clock, files, network, discovery, codecs, camera and\n"
      "microphone, and says what to do about each fault. Asks the servers of\n"
      "--stun and --turn, and sends nothing to anybody else. The exit status "
      "is\n1 when a meeting would fail." },
  [VMT_COMMAND_CERT] = { "cert", NULL,
      "Make a certificate that this machine's browsers believe",
      "Makes a root certificate of this device, which can vouch for its names\n"
      "alone (HOST.local, HOST and localhost), and puts it where Chromium, "
      "Firefox\n"
      "and, for root, the system look. 'videomeet host' and 'videomeet "
      "server'\n"
      "show the certificate that it signs to who comes by these names." },
  [VMT_COMMAND_DEVICES] = { "devices", NULL,
      "List the cameras, microphones and speakers of this machine",
      "Their names, or parts of them, are what --camera, --microphone and\n"
      "--speaker take, and /camera, /microphone and /speaker in a meeting." },
};

const gchar *
vmt_command_to_string (VmtCommand command)
{
  return vmt_commands[command].name;
}

gboolean
vmt_command_is_call (VmtCommand command)
{
  return command == VMT_COMMAND_CALL || command == VMT_COMMAND_ANSWER;
}

const gchar *
vmt_command_summary (VmtCommand command)
{
  return vmt_commands[command].summary;
}

gboolean
vmt_command_from_string (const gchar *text, VmtCommand *command)
{
  for (guint i = 0; i < VMT_N_COMMANDS; i++)
    if (g_str_equal (text, vmt_commands[i].name)) {
      *command = i;
      return TRUE;
    }
  return FALSE;
}

const gchar *
vmt_command_suggest (const gchar *text)
{
  const gchar *names[VMT_N_COMMANDS + 1] = { NULL };

  for (guint i = 0; i < VMT_N_COMMANDS; i++)
    names[i] = vmt_commands[i].name;
  return vmt_spelling_nearest (text, names);
}
