; The installer for Windows, with Inno Setup 6.5 or newer, after the program was built into dist\gradviz:
;   iscc /DVersion=NUMBER packaging\windows\gradviz.iss
; It installs for the user alone or for all, as the user chooses, and writes dist\gradviz-VERSION-setup.exe.

#ifndef Version
  #error Give the version: iscc /DVersion=NUMBER packaging\windows\gradviz.iss
#endif
#define Root "..\.."
#define FileType "gradviz.experiment"
#define Chinese AddBackslash(CompilerPath) + "Languages\ChineseSimplified.isl"

[Setup]
; what tells an update from a first installation: never to be changed
AppId={{B0B2C2F4-6C3D-4B0E-9C3B-5A9D5C1F7E21}
AppName=gradviz
AppVersion={#Version}
AppPublisher=gradviz contributors
VersionInfoVersion={#Version}
DefaultDirName={autopf}\gradviz
DefaultGroupName=gradviz
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile={#Root}\LICENSE
SetupIconFile={#Root}\build\icons\gradviz.ico
UninstallDisplayIcon={app}\gradviz.exe
UninstallDisplayName=gradviz
OutputDir={#Root}\dist
OutputBaseFilename=gradviz-{#Version}-setup
ChangesAssociations=yes
Compression=lzma2
SolidCompression=yes
WizardStyle=modern

[Languages]
Name: "english"; MessagesFile: "compiler:Default.isl"
#if FileExists(Chinese)
Name: "chinese"; MessagesFile: "compiler:Languages\ChineseSimplified.isl"
#else
  #error This Inno Setup has no Languages\ChineseSimplified.isl: install version 6.5 or newer.
#endif

[CustomMessages]
english.Associate=Open .gradviz files with gradviz
chinese.Associate=用 gradviz 打开 .gradviz 文件
english.Experiment=gradviz experiment
chinese.Experiment=gradviz 实验

[Tasks]
Name: "associate"; Description: "{cm:Associate}"
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; libraries of the version before, which this one may not have
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Root}\dist\gradviz\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs
Source: "{#Root}\build\icons\gradviz-document.ico"; DestDir: "{app}"; Flags: ignoreversion

[Icons]
Name: "{group}\gradviz"; Filename: "{app}\gradviz.exe"
Name: "{autodesktop}\gradviz"; Filename: "{app}\gradviz.exe"; Tasks: desktopicon

[Registry]
; HKA is the user's part of the registry or the machine's, whichever the installation is for
Root: HKA; Subkey: "Software\Classes\.gradviz"; ValueType: string; ValueName: "Content Type"; ValueData: "application/x-gradviz"; Flags: uninsdeletevalue; Tasks: associate
Root: HKA; Subkey: "Software\Classes\.gradviz\OpenWithProgids"; ValueType: string; ValueName: "{#FileType}"; ValueData: ""; Flags: uninsdeletevalue; Tasks: associate
Root: HKA; Subkey: "Software\Classes\.gradviz"; ValueType: string; ValueName: ""; ValueData: "{#FileType}"; Flags: uninsdeletevalue uninsdeletekeyifempty; Tasks: associate
Root: HKA; Subkey: "Software\Classes\{#FileType}"; ValueType: string; ValueName: ""; ValueData: "{cm:Experiment}"; Flags: uninsdeletekey; Tasks: associate
Root: HKA; Subkey: "Software\Classes\{#FileType}\DefaultIcon"; ValueType: string; ValueName: ""; ValueData: "{app}\gradviz-document.ico"; Tasks: associate
Root: HKA; Subkey: "Software\Classes\{#FileType}\shell\open\command"; ValueType: string; ValueName: ""; ValueData: """{app}\gradviz.exe"" ""%1"""; Tasks: associate

[Run]
Filename: "{app}\gradviz.exe"; Description: "{cm:LaunchProgram,gradviz}"; Flags: nowait postinstall skipifsilent
