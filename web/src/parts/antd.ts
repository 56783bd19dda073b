// The components of Ant Design that the console uses. Each is imported from its own file: the
// library's index would make every build and every type check read all of them.
export { default as App } from "antd/es/app";
export { default as Button } from "antd/es/button";
export { default as ConfigProvider } from "antd/es/config-provider";
export { default as Drawer } from "antd/es/drawer";
export { default as Input } from "antd/es/input";
export { default as InputNumber } from "antd/es/input-number";
export { default as Modal } from "antd/es/modal";
export { default as Segmented } from "antd/es/segmented";
export { default as Select } from "antd/es/select";
export { default as Tabs } from "antd/es/tabs";
export { default as antTheme } from "antd/es/theme";
export { default as Upload } from "antd/es/upload";
