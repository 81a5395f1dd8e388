"""LibreOffice as a grid worker uses it: cells are typed into, one after the other, and the file is saved.

A Basic macro in a profile of its own types through the dispatcher, so protection, cell formats and input
recognition act as they do on a screen. Needs LibreOffice Calc alone, no Python bridge.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

FILTERS = {"xlsx": "Calc MS Excel 2007 XML", "xls": "MS Excel 97"}
_LIBRARIES = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:libraries PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "libraries.dtd">
<library:libraries xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink">
 <library:library library:name="Standard" xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple" library:link="false"/>
</library:libraries>
"""
_LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false" library:passwordprotected="false">
 <library:element library:name="Filling"/>
</library:library>
"""
_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Filling" script:language="StarBasic">{code}</script:module>
"""
_CODE = """
Dim book As Object, sender As Object

Function Named(key As String, value As Variant) As Variant
  Dim made As New com.sun.star.beans.PropertyValue
  made.Name = key
  made.Value = value
  Named = made
End Function

Sub Enter(sheet As String, cell As String, content As String)
  book.CurrentController.setActiveSheet(book.Sheets.getByName(sheet))
  sender.executeDispatch(book.CurrentController.Frame, ".uno:GoToCell", "", 0, Array(Named("ToPoint", cell)))
  sender.executeDispatch(book.CurrentController.Frame, ".uno:EnterString", "", 0, Array(Named("StringName", content)))
End Sub

Sub Save(path As String, kind As String)
  book.storeToURL(ConvertToURL(path), Array(Named("FilterName", kind)))
End Sub

Sub Fill
  sender = createUnoService("com.sun.star.frame.DispatchHelper")
  book = StarDesktop.loadComponentFromURL(ConvertToURL("{source}"), "_blank", 0, Array(Named("Hidden", True)))
{steps}
  book.close(True)
End Sub
"""


def fill(folder: Path, data: bytes, entries: list[tuple[str, str, str]]) -> dict[str, bytes]:
    """Type (sheet, cell, text) into a workbook, in that order; returns what LibreOffice saves, by format."""
    source = folder / "issued.xlsx"
    source.write_bytes(data)
    saved = {kind: folder / f"filled.{kind}" for kind in FILTERS}
    steps = [f"  Enter({_text(sheet)}, {_text(cell)}, {_text(content)})" for sheet, cell, content in entries]
    steps += [f"  Save({_text(str(path))}, {_text(FILTERS[kind])})" for kind, path in saved.items()]
    profile = folder / "profile"
    _soffice(profile, "--terminate_after_init")  # a profile must be there before macros can be put into it
    _install(profile, _CODE.replace("{source}", str(source)).replace("{steps}", "\n".join(steps)))
    _soffice(profile, "macro:///Standard.Filling.Fill")
    return {kind: path.read_bytes() for kind, path in saved.items()}


def _text(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _install(profile: Path, code: str) -> None:
    basic = profile / "user/basic"
    (basic / "Standard").mkdir(parents=True, exist_ok=True)
    (basic / "script.xlc").write_text(_LIBRARIES, "utf-8")
    (basic / "Standard/script.xlb").write_text(_LIBRARY, "utf-8")
    (basic / "Standard/Filling.xba").write_text(_MODULE.format(code=escape(code)), "utf-8")


def _soffice(profile: Path, *words: str) -> None:
    command = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--norestore", *words]
    subprocess.run(command, check=True, capture_output=True, timeout=90)
